/** Drafts of rows and messages for these tests: as short as the contracts allow. */
import { accountId, caseId, type CaseId } from '../../../core/contracts/ids.ts';
import {
  message,
  rowDraft,
  type Message,
  type RowDraft,
  type StreamEvent,
} from '../../../core/contracts/ledger.ts';

export const account = accountId.parse('ops-eu');
export const caseOne = caseId.parse('case/ops-eu/2026-11-21-01');
export const caseTwo = caseId.parse('case/ops-eu/2026-11-21-02');
export const at = '2026-11-21T08:00:00.000Z';

/** A nonce for each letter or digit. */
export const nonceOf = (digit: string): string => digit.repeat(32);

export const sample = (key: string, more: Partial<RowDraft> = {}): RowDraft => ({
  ...{ timestamp: at, actor_id: 'ana', actor_role: 'approver', action: 'break_glass_approved' },
  ...{ resource_type: 'account', resource_id: account, ip_address: '192.0.2.7', user_agent: 'cli/0.1' },
  ...{ result: 'success', case_id: null, nonce: null, key, metadata: {} },
  ...more,
});

/** A row that carries one event of a case. */
export const authorised = (key: string, id: CaseId, more: Partial<RowDraft> = {}): RowDraft =>
  sample(key, {
    case_id: id,
    metadata: { events: [{ case: id, event: { type: 'authorised', at } }] },
    ...more,
  });

const digest = 'a'.repeat(64);
const sealed = { generation: 1, seal: digest, threshold: 2, custodians: ['cleo', 'dan'] };

/** The row that admits a request: it opens a case, so it carries an event of the account and one of the case. */
export const requested = (
  id: CaseId,
  of: { kind?: 'emergency' | 'drill'; scenario?: string; account?: string } = {},
): RowDraft => {
  const { kind = 'emergency', scenario = 'sso-down', account: name = account } = of;
  const texts = { reason: 'sso is down', symptom: 'login fails', incidentChannel: 'https://chat.example/1' };
  const seconds = {
    request: 1,
    release: 1,
    session: 1,
    attestation: 1,
    sessionLog: 1,
    postMortem: 1,
    refusals: 1,
  };
  const opened = { type: 'case-opened', at, by: 'rob', case: id, request: digest };
  const asked = {
    ...{
      type: 'requested',
      at,
      case: id,
      account: name,
      request: digest,
      kind,
      by: 'rob',
      scenario,
      ...texts,
    },
    ...{ conditions: ['sso-down'], expectedMinutes: 30, recipient: 'age1x', config: digest },
    terms: { need: 2, role: 'senior', approvers: ['ana', 'ben'], longestSessionMinutes: 60, seconds },
    pair: { password: sealed, mfa: sealed },
  };
  const envelope = { statement: '{"type":"request"}', signature: 'signed' };
  return rowDraft.parse({
    ...sample(`request/${id}`, { actor_id: 'rob', actor_role: 'requester', action: 'break_glass_requested' }),
    case_id: id,
    resource_id: name,
    metadata: {
      envelope,
      events: [
        { account: name, event: opened },
        { case: id, event: asked },
      ],
    },
  });
};

/** A session for each number. */
export const sessionOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** A row of what the sentinel or the requester tells of a session, with these events. */
const ofSession = (key: string, action: RowDraft['action'], events: object[], more: object): RowDraft =>
  rowDraft.parse(sample(key, { action, metadata: { events, ...more } as RowDraft['metadata'] }));

const seenAs = (id: string, session: string | null) => ({
  ...{ id, account, identity: 'identity-1', session, aal: 'aal1', method: 'password' },
  ...{ ip: '192.0.2.9', userAgent: 'browser', at, source: 'kratos-hook' },
});

/** A report of a login by a sighting's id; whose it is, is not known. */
export const login = (key: string, seen: string, session: string | null): RowDraft => {
  const event = { type: 'session-sighted', at, sighting: seenAs(seen, session), claimBy: at };
  return ofSession(key, 'break_glass_login', [{ account, event }], { sighting: seen });
};

/** The row by which a case claims a session. */
export const claimed = (id: CaseId, session: string): RowDraft => {
  const event = { type: 'session-claimed', at, by: 'rob', session };
  return {
    ...ofSession(
      `claim/${session}`,
      'break_glass_claimed',
      [
        { account, event: { ...event, case: id } },
        { case: id, event },
      ],
      {},
    ),
    case_id: id,
  };
};

export const gone = (session: string): RowDraft => {
  const event = { type: 'session-gone', at, session, lastActiveAt: at };
  return ofSession(`logout/${session}`, 'break_glass_logout', [{ account, event }], { session });
};

/** The row by which a login that nobody claimed opens a case. */
export const detected = (id: CaseId, seen: string): RowDraft => {
  const sighting = seenAs(seen, null);
  const seconds = { answer: 1, attestation: 1, sessionLog: 1, postMortem: 1 };
  const terms = { told: ['ana'], answerers: ['ana'], longestSessionMinutes: 60, seconds };
  const event = { ...{ type: 'detected', at, case: id, account, sighting, config: digest, terms } };
  const rang = { type: 'session-unclaimed', at, sighting: seen, late: 0, case: id };
  return rowDraft.parse(
    sample(`detected/${id}`, {
      ...{ actor_id: 'breakglass', actor_role: 'clock', action: 'break_glass_unclaimed', case_id: id },
      metadata: {
        events: [
          { account, event: rang },
          { case: id, event: { ...event, pair: { password: sealed, mfa: sealed } } },
        ],
      } as RowDraft['metadata'],
    }),
  );
};

export const eventOfAccount = (failure: string): StreamEvent[] =>
  rowDraft.parse(
    sample('any', {
      metadata: {
        events: [{ account, event: { type: 'session-unclaimed', at, sighting: failure, late: 0 } }],
      },
    }),
  ).metadata.events ?? [];

export const note = (id: string, more: Partial<Message> = {}): Message =>
  message.parse({
    ...{
      id,
      account,
      case: caseOne,
      severity: 'act',
      to: ['ana'],
      channels: ['slack', 'sns'],
      title: 'Approve',
    },
    ...{ text: 'Approve it.', command: 'breakglass approve', link: null, drill: false, ...more },
  });
