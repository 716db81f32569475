/** Logins that nobody declares, before the api in process: what sentinel and worker would have written. */
import { createClockActivities } from '../../activities/clock.ts';
import { createRecorder } from '../../activities/recorder.ts';
import type { CaseId } from '../../core/contracts/ids.ts';
import type { StreamEvent } from '../../core/contracts/ledger.ts';
import { later } from '../../core/rules/decision.ts';
import { foldAccount } from '../../core/rules/streams.ts';
import { verifyConfigChain } from '../../core/trust/configChain.ts';
import { account, type Harness } from './harness.ts';

/**
 * Somebody signs in, and a minute later nobody has claimed it.
 *
 * @param session - a UUID
 * @returns the undeclared case
 */
export const intrude = async (harness: Harness, session: string): Promise<CaseId> => {
  const { ledger, org } = harness;
  const configs = () => {
    const verified = verifyConfigChain(org.chain, org.digest);
    if (!verified.ok) throw new Error(verified.why);
    return verified;
  };
  const seenAt = harness.now();
  const sighted: StreamEvent = {
    account,
    event: {
      ...{ type: 'session-sighted', at: seenAt, claimBy: later(seenAt, 60) },
      sighting: {
        ...{ id: `sighting-${session}`, account, identity: 'identity-1', session, aal: 'aal2' },
        ...{ method: 'totp', ip: '192.0.2.9', userAgent: 'browser', at: seenAt, source: 'kratos-hook' },
      },
    },
  };
  await ledger.transact((tx) =>
    tx.append({
      ...{ timestamp: seenAt, actor_id: 'breakglass', actor_role: 'sentinel', action: 'break_glass_login' },
      ...{ resource_type: 'account', resource_id: account, ip_address: '192.0.2.9', user_agent: 'browser' },
      ...{ result: 'success', case_id: null, nonce: null, key: `login/${session}` },
      metadata: { events: [sighted] },
    }),
  );
  harness.advance(60);
  const clock = createClockActivities({
    ...{ ledger, configs, record: createRecorder({ ledger, configs }), clock: () => new Date(harness.now()) },
  });
  await clock.tickAccount({ id: account, key: `tick/${session}`, now: harness.now(), after: 0 });
  const use = foldAccount(ledger.rows, account).undeclared.at(-1);
  if (use === undefined) throw new Error(`${session} opened no case`);
  return use.case;
};
