import type { Config } from '../core/contracts/config.ts';
import type { StreamEvent } from '../core/contracts/ledger.ts';
import type { AccountId } from '../core/contracts/ids.ts';
import type { Ledger } from '../core/contracts/ledger.ts';
import { messagesOfRow } from '../core/rules/messages.ts';
import { advance, caseIn, loadStreams, type Streams } from '../core/rules/streams.ts';
import { addressOf, rowOn } from './record.ts';

/** A session that is gone from Kratos, or inactive there. */
export interface GoneSession {
  readonly account: AccountId;
  readonly identity: string;
  readonly session: string;
  /** When it was last known to be active, ISO 8601 UTC. */
  readonly lastActiveAt: string;
}

/**
 * Whether the process ends sessions itself just now, so that only later it can be said who ended this one: the
 * sessions are ended first, and recorded afterwards.
 */
const mustWait = ({ account, cases }: Streams): boolean =>
  account.rotation !== null ||
  [...cases.values()].some((each) => each.endedAt !== null && each.sessionsEnded === null);

/**
 * Whether it was ended by us, or declared. A case that ended and a rotation end every session of the account; so
 * what was alive before that and is not afterwards is explained.
 */
const isExplained = ({ account, cases }: Streams, { session, lastActiveAt }: GoneSession): boolean =>
  account.claims[session]?.startsWith('rotation/') === true ||
  (account.lastRotation !== null && account.lastRotation.at >= lastActiveAt) ||
  [...cases.values()].some(
    ({ endedAt, sessionsEnded }) =>
      (endedAt !== null && endedAt >= lastActiveAt) || sessionsEnded?.includes(session) === true,
  );

/** Writes the logouts that nobody declared, each once. */
export const createLogoutRecorder =
  (deps: { readonly ledger: Ledger; readonly config: () => Config; readonly now: () => Date }) =>
  /** @returns `wait` when it must be asked again later; otherwise whether a row tells of it */
  (gone: GoneSession): Promise<'recorded' | 'explained' | 'wait'> =>
    deps.ledger.transact(async (tx) => {
      const { account, session, lastActiveAt } = gone;
      const key = `logout/${session}`;
      if ((await tx.rowByKey(key)) !== null) return 'recorded';
      const before = await loadStreams(tx, account, { session });
      if (isExplained(before, gone)) return 'explained';
      if (mustWait(before)) return 'wait';
      const config = deps.config();
      const now = deps.now().toISOString();
      const first: StreamEvent = { account, event: { type: 'session-gone', at: now, session, lastActiveAt } };
      const { streams, events } = advance(before, [first], now);
      await tx.append({
        ...rowOn(account, now),
        actor_id: addressOf(config, gone),
        action: 'break_glass_logout',
        result: 'success',
        ip_address: null,
        user_agent: null,
        case_id: caseIn(events),
        key,
        metadata: { session, last_active_at: lastActiveAt, events: [...events] },
      });
      for (const message of messagesOfRow(key, events, streams, config)) await tx.enqueue(message);
      return 'recorded';
    });
export type LogoutRecorder = ReturnType<typeof createLogoutRecorder>;
