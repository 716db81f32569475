import { describe, expect, it } from 'vitest';
import type { Config } from '../../core/contracts/config.ts';
import type { CaseEvent } from '../../core/contracts/events.ts';
import type { RefusalCode } from '../../core/contracts/failures.ts';
import { accountId, caseId } from '../../core/contracts/ids.ts';
import type { CaseStatement } from '../../core/contracts/statements.ts';
import { decideCase, writeUpHeadings } from '../../core/rules/case/decide.ts';
import {
  approved,
  at,
  caseAfter,
  config,
  digestOf,
  filled,
  laterRotation,
  releases,
  requestDigest,
  requested,
  says,
  shareReleased,
  upTo,
  without,
} from '../support/rules.ts';

interface Refused {
  readonly code: RefusalCode;
  readonly how: string;
  readonly given: readonly CaseEvent[];
  readonly when: CaseStatement;
  readonly now: number;
  readonly current: Config;
}

const refused = (
  code: RefusalCode,
  how: string,
  given: readonly CaseEvent[],
  when: CaseStatement,
  now: number,
  current: Config = config,
): Refused => ({ code, how, given, when, now, current });

const otherCase = caseId.parse('case/acme-eu/2026-11-21-02');
const otherAccount = accountId.parse('acme-us');
const once = [requested(), approved('bob', at(30))];
const sessionLog = filled(writeUpHeadings['session-log']);
const logged: CaseEvent[] = [
  ...upTo('settling'),
  { type: 'written-up', at: at(1020), by: requested().by, document: 'session-log', text: digestOf('log') },
];
const tried: CaseEvent[] = [
  ...upTo('settling'),
  { type: 'old-credential', at: at(1020), by: requested().by, proof: 'refused', why: '' },
];

/** Every code `decideCase` can answer, and how it comes about. */
const table: readonly Refused[] = [
  refused(
    'wrong-case',
    'a statement about another case',
    upTo('requested'),
    says('bob', 'approval', { case: otherCase }),
    10,
  ),
  refused(
    'wrong-case',
    'a statement about another account',
    upTo('requested'),
    says('bob', 'approval', { account: otherAccount }),
    10,
  ),
  refused(
    'wrong-case',
    'an attestation of no case',
    upTo('settling'),
    says('erin', 'attestation', { case: null }),
    1020,
  ),
  refused(
    'wrong-case',
    'an attestation of another rotation',
    upTo('settling'),
    says('erin', 'attestation', { rotation: laterRotation }),
    1020,
  ),
  refused(
    'wrong-request',
    'an approval of another request',
    upTo('requested'),
    says('bob', 'approval', { request: digestOf('another') }),
    10,
  ),
  refused('wrong-phase', 'an approval once authorised', upTo('authorised'), says('dan', 'approval'), 70),
  refused('wrong-phase', 'a share before the quorum', upTo('requested'), releases('erin', 'password'), 10),
  refused(
    'wrong-phase',
    'a share when enough were released',
    upTo('released'),
    releases('gina', 'password'),
    110,
  ),
  refused('wrong-phase', 'a denial once released', upTo('released'), says('bob', 'denial'), 110),
  refused('wrong-phase', 'a withdrawal in session', upTo('in-session'), says('alice', 'withdrawal'), 130),
  refused('wrong-phase', 'an end before the release', upTo('authorised'), says('alice', 'end'), 70),
  refused('wrong-phase', 'an end after the end', upTo('ended'), says('alice', 'end'), 1010),
  refused('wrong-phase', 'a trial before the rotation', upTo('ended'), says('alice', 'refusals'), 1006),
  refused(
    'wrong-phase',
    'an attestation before the rotation',
    upTo('ended'),
    says('erin', 'attestation'),
    1006,
  ),
  refused(
    'wrong-phase',
    'a write-up in session',
    upTo('in-session'),
    says('alice', 'write-up', { text: sessionLog }),
    130,
  ),
  refused('self-approval', 'the requester approves', upTo('requested'), says('alice', 'approval'), 10),
  refused('self-approval', 'the requester denies', upTo('requested'), says('alice', 'denial'), 10),
  refused('not-an-approver', 'one without the role', upTo('requested'), says('erin', 'approval'), 10),
  refused(
    'not-an-approver',
    'one who lost the role since',
    upTo('requested'),
    says('bob', 'approval'),
    10,
    without('bob'),
  ),
  refused(
    'not-an-approver',
    'one who gained the role since',
    [requested({ terms: { ...requested().terms, approvers: [] } })],
    says('bob', 'approval'),
    10,
  ),
  refused(
    'not-an-approver',
    'an approval in another role',
    upTo('requested'),
    says('bob', 'approval', { role: 'admin' }),
    10,
  ),
  refused(
    'not-an-approver',
    'a denial by one without the role',
    upTo('requested'),
    says('erin', 'denial'),
    10,
  ),
  refused('not-an-approver', 'an end by a bystander', upTo('in-session'), says('erin', 'end'), 130),
  refused('already-counted', 'a second approval by the same person', once, says('bob', 'approval'), 40),
  refused(
    'already-counted',
    'a second share of the same custodian',

    [...upTo('authorised'), shareReleased('erin', 'password', at(70))],
    releases('erin', 'password'),
    80,
  ),
  refused(
    'already-counted',
    'a second session log',
    logged,
    says('alice', 'write-up', { text: sessionLog }),
    1030,
  ),
  refused('already-counted', 'a second trial', tried, says('alice', 'refusals'), 1030),
  refused(
    'already-counted',
    'a second attestation',
    [
      ...upTo('settling'),
      { type: 'attested', at: at(1020), by: releases('erin', 'password').by, part: 'password' },
    ],
    says('erin', 'attestation'),
    1030,
  ),
  refused('not-a-custodian', 'a share by a bystander', upTo('authorised'), releases('nils', 'password'), 70),
  refused('not-a-custodian', 'a share of the other part', upTo('authorised'), releases('erin', 'mfa'), 70),
  refused(
    'not-a-custodian',
    'an attestation of the other part',
    upTo('settling'),
    says('heidi', 'attestation'),
    1020,
  ),
  refused(
    'wrong-recipient',
    'a share to another one-time key',
    upTo('authorised'),
    says('erin', 'release', { recipient: 'age1-mallory' }),
    70,
  ),
  refused(
    'wrong-generation',
    'a share of another generation',
    upTo('authorised'),
    says('erin', 'release', { generation: 2 }),
    70,
  ),
  refused(
    'wrong-generation',
    'a trial of another password',
    upTo('settling'),

    says('alice', 'refusals', { password: { generation: 2, refused: true, status: 400 } }),
    1020,
  ),
  refused(
    'wrong-seal',
    'a share from another seal',
    upTo('authorised'),
    says('erin', 'release', { seal: digestOf('another') }),
    70,
  ),
  refused(
    'wrong-seal',
    'an attestation of another seal',
    upTo('settling'),
    says('erin', 'attestation', { seal: digestOf('another') }),
    1020,
  ),
  refused(
    'wrong-seal',
    'an attestation of the old generation',
    upTo('settling'),
    says('erin', 'attestation', { generation: 1, seal: digestOf('password 1') }),
    1020,
  ),
  refused(
    'not-the-requester',
    'a withdrawal by an approver',
    upTo('requested'),
    says('bob', 'withdrawal'),
    10,
  ),
  refused('not-the-requester', 'a trial by a custodian', upTo('settling'), says('erin', 'refusals'), 1020),
  refused(
    'not-the-requester',
    'a write-up by an approver',
    upTo('ended'),
    says('bob', 'write-up', { text: sessionLog }),
    1020,
  ),
  refused(
    'incomplete',
    'a write-up without headings',
    upTo('ended'),
    says('alice', 'write-up', { text: 'all fine' }),
    1020,
  ),
  refused(
    'incomplete',
    'a write-up with a heading left empty',
    upTo('ended'),
    says('alice', 'write-up', { text: sessionLog.replace('as it was', '') }),
    1020,
  ),
  refused(
    'incomplete',
    'a write-up with a TODO',
    upTo('ended'),
    says('alice', 'write-up', { text: sessionLog.replace('as it was', 'TODO') }),
    1020,
  ),
  refused('expired', 'an approval after the case’s deadline', once, says('carol', 'approval'), 600),
  refused(
    'expired',
    'a share after the case’s deadline',
    upTo('authorised'),
    releases('erin', 'password'),
    660,
  ),
  refused(
    'quorum-not-met',
    'a share when an approver lost the role',
    upTo('authorised'),
    releases('erin', 'password'),
    70,
    without('bob'),
  ),
];

describe('a case refuses', () => {
  it.each(table)('$code: $how', ({ code, given, when, now, current }) => {
    const state = caseAfter(given);
    const decision = decideCase(state, when, { now: at(now), current, digest: requestDigest });
    expect(decision).toMatchObject({ ok: false, refusal: { code } });
    expect(decision.ok ? '' : decision.refusal.why).toMatch(/^[^\n]{10,}$/);
  });
});

describe('a write-up', () => {
  it('names every heading that is missing', () => {
    const [first, ...others] = writeUpHeadings['post-mortem'];
    const decision = decideCase(
      caseAfter(upTo('ended')),
      says('alice', 'write-up', { document: 'post-mortem', text: filled(others) }),
      { now: at(1020), current: config, digest: requestDigest },
    );
    expect(decision).toEqual({
      ok: false,
      refusal: { code: 'incomplete', why: `the post-mortem lacks, or leaves unfilled: ${first}` },
    });
  });

  it('may have other headings too, and lines that end as on Windows', () => {
    const text = `## Thanks\nall\n\n${filled(writeUpHeadings['session-log'])}`.replaceAll('\n', '\r\n');
    const decision = decideCase(caseAfter(upTo('ended')), says('alice', 'write-up', { text }), {
      ...{ now: at(1020), current: config, digest: requestDigest },
    });
    expect(decision.ok).toBe(true);
  });
});
