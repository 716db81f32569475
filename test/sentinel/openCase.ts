import { accountId, caseId } from '../../core/contracts/ids.ts';
import { rowDraft } from '../../core/contracts/ledger.ts';
import { session, type World } from './harness.ts';

const account = accountId.parse('acme-eu');

/** A case in which the requester has claimed the session, and perhaps others. */
export const openCase = async ({ ledger }: World, ...others: readonly string[]): Promise<void> => {
  const at = '2026-11-21T07:59:00.000Z';
  const id = caseId.parse('case/acme-eu/2026-11-21-01');
  const digest = 'a'.repeat(64);
  const sealed = (custodians: string[]) => ({ generation: 1, seal: digest, threshold: 2, custodians });
  const seconds = {
    request: 1800,
    release: 1800,
    session: 1800,
    attestation: 1,
    sessionLog: 1,
    refusals: 1,
    postMortem: 1,
  };
  const draft = {
    ...{ timestamp: at, actor_id: 'alice', actor_role: 'requester', action: 'break_glass_requested' },
    ...{
      resource_type: 'account',
      resource_id: account,
      ip_address: null,
      user_agent: null,
      result: 'success',
    },
    ...{ case_id: id, nonce: null, key: 'a-case' },
    metadata: {
      events: [
        { account, event: { type: 'case-opened', at, by: 'alice', case: id, request: digest } },
        {
          case: id,
          event: {
            ...{ type: 'requested', at, by: 'alice', case: id, account, kind: 'drill', request: digest },
            ...{ scenario: 'sso-down', conditions: [], reason: 'nobody can sign in', symptom: 'none' },
            ...{ incidentChannel: '#inc-1', expectedMinutes: 30, recipient: 'age1x', config: digest },
            terms: { need: 2, role: 'senior', approvers: ['bob'], longestSessionMinutes: 60, seconds },
            pair: { password: sealed(['erin']), mfa: sealed(['grace']) },
          },
        },
        { case: id, event: { type: 'released', at } },
        ...[session, ...others].flatMap((each) => [
          { account, event: { type: 'session-claimed', at, by: 'alice', case: id, session: each } },
          { case: id, event: { type: 'session-claimed', at, by: 'alice', session: each } },
        ]),
      ],
    },
  };
  await ledger.transact((tx) => tx.append(rowDraft.parse(draft)));
};
