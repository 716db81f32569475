import { describe, expect, it } from 'vitest';
import type { Config } from '../../core/contracts/config.ts';
import type { AccountEvent } from '../../core/contracts/events.ts';
import type { RefusalCode } from '../../core/contracts/failures.ts';
import { accountId, caseId } from '../../core/contracts/ids.ts';
import type { AccountStatement } from '../../core/contracts/statements.ts';
import { decideAccount } from '../../core/rules/account/decide.ts';
import type { Phase } from '../../core/rules/case/state.ts';
import {
  account,
  accountAfter,
  at,
  caseOpened,
  caseRotation,
  config,
  configDigest,
  configWith,
  digestOf,
  pairOf,
  person,
  provisioned,
  provisionRotation,
  requestDigest,
  says,
  sessionOf,
  theCase,
} from '../support/rules.ts';

interface Refused {
  readonly code: RefusalCode;
  readonly how: string;
  readonly given: readonly AccountEvent[];
  readonly when: AccountStatement;
  readonly openPhase: Phase | null;
  readonly current: Config;
}

const refused = (
  code: RefusalCode,
  how: string,
  given: readonly AccountEvent[],
  when: AccountStatement,
  { openPhase = null, current = config }: { openPhase?: Phase | null; current?: Config } = {},
): Refused => ({ code, how, given, when, openPhase, current });

const asked: AccountEvent = {
  ...{
    type: 'rotation-started',
    at: at(1),
    rotation: caseRotation,
    cause: 'asked',
    case: null,
    by: person('bob'),
  },
};
const failed: AccountEvent = { type: 'rotation-failed', at: at(2), rotation: caseRotation, why: 'no driver' };
const owed: AccountEvent = { type: 'case-left', at: at(2), case: theCase, rotate: true };
const signed: AccountEvent = { type: 'provision-signed', at: at(1), by: person('bob'), expiresAt: at(600) };
const claimed: AccountEvent = {
  ...{ type: 'session-claimed', at: at(1), by: person('alice'), case: theCase, session: sessionOf(1) },
};
const recorded: AccountEvent = {
  ...{ type: 'session-recorded', at: at(1), rotation: provisionRotation, session: sessionOf(1) },
};
const open = [...provisioned, caseOpened];
const attests = (by: string, members: Partial<Parameters<typeof says<'attestation'>>[2]> = {}) =>
  says(by, 'attestation', {
    ...{ case: null, rotation: provisionRotation, generation: 1, seal: pairOf(1).password.seal },
    ...members,
  });
const other = accountId.parse('acme-us');
const awsRoot = configWith((it) => {
  it.accounts['acme-eu'] = {
    ...(it.accounts['acme-eu'] as object),
    ...{ kind: 'aws-root', awsAccountId: '000000000000', member: 'member' },
    mfa: { device: 'hardware', tracking: 'safe 3' },
  };
});
const alone = configWith((it) => {
  for (const name of ['carol', 'dan']) {
    const found = it.people[name];
    if (found !== undefined) found.roles = [];
  }
});

/** Every code `decideAccount` can answer, and how it comes about. */
const table: readonly Refused[] = [
  refused(
    'unknown-account',
    'an account of no config',
    provisioned,
    says('bob', 'rotate', { account: other }),
  ),
  refused('unknown-account', 'an account gone from the config', provisioned, says('bob', 'rotate'), {
    current: configWith((it) => (it.accounts = {})),
  }),
  refused(
    'unknown-account',
    'a statement for another account',
    provisioned,
    says('bob', 'rotate', { account: other }),
    {
      current: configWith((it) => (it.accounts['acme-us'] = it.accounts['acme-eu'])),
    },
  ),
  refused('unknown-account', 'a kind that nothing provisions', [], says('bob', 'provision'), {
    current: awsRoot,
  }),
  refused(
    'unknown-config',
    'a request under an older config',
    provisioned,
    says('alice', 'request', { config: digestOf('old') }),
  ),
  refused('not-a-principal', 'a request by an owner', provisioned, says('bob', 'request')),
  refused(
    'refused-reason',
    'a reason refused by name',
    provisioned,
    says('alice', 'request', { scenario: 'convenience' }),
  ),
  refused(
    'refused-reason',
    'words that give such a reason away',
    provisioned,
    says('alice', 'request', { symptom: 'it is  QUICKER this way' }),
  ),
  refused(
    'unknown-scenario',
    'a scenario of no config',
    provisioned,
    says('alice', 'request', { scenario: 'bored' }),
  ),
  refused(
    'unknown-scenario',
    'a scenario of another account',
    provisioned,
    says('alice', 'request', { scenario: 'elsewhere' }),
  ),
  refused(
    'missing-condition',
    'a condition not stated',
    provisioned,
    says('alice', 'request', { conditions: ['sev-0'] }),
  ),
  refused(
    'missing-condition',
    'a condition the scenario does not have',
    provisioned,
    says('alice', 'request', { conditions: ['nobody-signs-in', 'sev-0', 'any'] }),
  ),
  refused(
    'lives-too-long',
    'longer than the scenario allows',
    provisioned,
    says('alice', 'request', { expectedMinutes: 61 }),
  ),
  refused('quorum-impossible', 'nobody left to approve', provisioned, says('alice', 'request'), {
    current: alone,
  }),
  refused('not-provisioned', 'a request before provisioning', [], says('alice', 'request')),
  refused('not-provisioned', 'a rotation before provisioning', [], says('bob', 'rotate')),
  refused('account-busy', 'a request while a case is open', open, says('nils', 'request')),
  refused('account-busy', 'a rotation while a case is open', open, says('bob', 'rotate')),
  refused('account-busy', 'a rotation while one runs', [...provisioned, asked], says('bob', 'rotate')),
  refused('account-busy', 'provisioning while it runs', provisioned.slice(0, 1), says('bob', 'provision')),
  refused(
    'account-blocked',
    'a request while a rotation runs',
    [...provisioned, asked],
    says('alice', 'request'),
  ),
  refused(
    'account-blocked',
    'a request after one failed',
    [...provisioned, asked, failed],
    says('alice', 'request'),
  ),
  refused('account-blocked', 'a request while one is owed', [...open, owed], says('alice', 'request')),
  refused('not-an-owner', 'provisioning by a bystander', [], says('dan', 'provision')),
  refused('not-an-owner', 'a rotation by a bystander', provisioned, says('alice', 'rotate')),
  refused('already-counted', 'the same owner twice', [signed], says('bob', 'provision')),
  refused('already-counted', 'provisioning what is provisioned', provisioned, says('bob', 'provision')),
  refused('already-counted', 'a session claimed before', [...open, claimed], says('alice', 'claim'), {
    openPhase: 'in-session',
  }),
  refused('already-counted', 'a session that a rotation made', [...open, recorded], says('alice', 'claim'), {
    openPhase: 'released',
  }),
  refused(
    'already-counted',
    'a second attestation',
    [...provisioned, { type: 'attested', at: at(1), by: person('erin'), part: 'password', generation: 1 }],
    attests('erin'),
  ),
  refused('wrong-case', 'a claim with no case open', provisioned, says('alice', 'claim')),
  refused(
    'wrong-case',
    'a claim after the end',
    [...open, { ...owed, rotate: false }],
    says('alice', 'claim'),
  ),
  refused(
    'wrong-case',
    'a claim for another case',
    open,
    says('alice', 'claim', { case: caseId.parse('case/acme-eu/2026-11-20-01') }),
    { openPhase: 'released' },
  ),
  refused(
    'wrong-case',
    'a claim for another request',
    open,
    says('alice', 'claim', { request: digestOf('another') }),
    { openPhase: 'released' },
  ),
  refused(
    'wrong-case',
    'an attestation that a case waits for',
    provisioned,
    attests('erin', { case: theCase }),
  ),
  refused('not-the-requester', 'a claim by another principal', open, says('nils', 'claim'), {
    openPhase: 'released',
  }),
  refused('wrong-phase', 'a claim before the release', open, says('alice', 'claim'), {
    openPhase: 'authorised',
  }),
  refused('wrong-phase', 'a claim for a case nobody knows', open, says('alice', 'claim')),
  refused(
    'wrong-generation',
    'an attestation of another rotation',
    provisioned,
    attests('erin', { rotation: caseRotation }),
  ),
  refused('wrong-generation', 'an attestation before provisioning', [], attests('erin')),
  refused(
    'wrong-seal',
    'an attestation of another seal',
    provisioned,
    attests('erin', { seal: digestOf('another') }),
  ),
  refused(
    'wrong-seal',
    'an attestation of another generation',
    provisioned,
    attests('erin', { generation: 2 }),
  ),
  refused('not-a-custodian', 'an attestation by a bystander', provisioned, attests('nils')),
  refused('not-a-custodian', 'an attestation of the other part', provisioned, attests('heidi')),
];

describe('an account refuses', () => {
  it.each(table)('$code: $how', ({ code, given, when, openPhase, current }) => {
    const state = accountAfter(...given);
    expect(state.account).toBe(account);
    const about = { now: at(10), current, currentDigest: configDigest, digest: requestDigest, openPhase };
    const decision = decideAccount(state, when, about);
    expect(decision).toMatchObject({ ok: false, refusal: { code } });
    expect(decision.ok ? '' : decision.refusal.why).toMatch(/^[^\n]{10,}$/);
  });
});
