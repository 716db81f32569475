import { describe, expect, it } from 'vitest';
import {
  accountEvent,
  caseEvent,
  type AccountEvent,
  type CaseEvent,
} from '../../../core/contracts/events.ts';
import { accountId, caseId } from '../../../core/contracts/ids.ts';
import { message, type Message } from '../../../core/contracts/ledger.ts';
import { evolveAccount } from '../../../core/rules/account/evolve.ts';
import { emptyAccount } from '../../../core/rules/account/state.ts';
import { evolveCase } from '../../../core/rules/case/evolve.ts';
import type { CaseState } from '../../../core/rules/case/state.ts';
import { messagesFor } from '../../../core/rules/messages.ts';
import { acme } from '../../sentinel/acme.ts';
import { sightingOf } from '../../support/rules.ts';

const config = acme();
const account = accountId.parse('acme-eu');
const id = caseId.parse('case/acme-eu/2026-11-21-01');
const rotation = 'rotation/acme-eu/2026-11-21-01';
const at = '2026-11-21T08:00:00.000Z';
const digest = 'a'.repeat(64);
const sealed = (custodians: string[]) => ({ generation: 1, seal: digest, threshold: 2, custodians });
const pair = { password: sealed(['erin', 'frank']), mfa: sealed(['grace', 'heidi']) };

const happened = (event: object): CaseEvent => caseEvent.parse({ at, ...event });
const requested = (kind: 'emergency' | 'drill' = 'emergency'): CaseEvent =>
  happened({
    ...{ type: 'requested', by: 'alice', case: id, account, kind, request: digest, scenario: 'sso-down' },
    ...{ conditions: ['sso-fully-down'], reason: 'nobody can sign in', symptom: '502 from the IdP' },
    ...{ incidentChannel: '#inc-1', expectedMinutes: 30, recipient: 'age1x', config: digest, pair },
    terms: {
      ...{ need: 2, role: 'senior', approvers: ['bob', 'carol', 'dan'], longestSessionMinutes: 60 },
      seconds: {
        ...{ request: 1800, release: 1800, session: 1800, attestation: 86_400, sessionLog: 86_400 },
        ...{ refusals: 3600, postMortem: 172_800 },
      },
    },
  });
const approved = (by: string): CaseEvent =>
  happened({ type: 'approved', by, role: 'senior', expiresAt: '2026-11-21T09:00:00.000Z' });
const authorised = [requested(), approved('bob'), approved('carol'), happened({ type: 'authorised' })];
const aShare = happened({ type: 'share-released', by: 'erin', part: 'password' });
const released = [...authorised, aShare, happened({ type: 'released' })];
const ended = [...released, happened({ type: 'ended', by: 'alice', how: 'requester', reason: 'it is over' })];
const rotated = [...ended, happened({ type: 'rotated', rotation, pair })];

/** Given a case's events, when the last one happened: who is told what. */
const afterCase = (events: readonly CaseEvent[]): Message[] => {
  const state = events.reduce<CaseState | null>(evolveCase, null);
  const event = events.at(-1) ?? requested();
  return messagesFor({
    id: 'row-1/0',
    event: { case: id, event },
    case: state,
    account: emptyAccount(account),
    config,
  });
};

const accountEvents = (...events: object[]): AccountEvent[] =>
  events.map((each) => accountEvent.parse({ at, ...each }));
const afterAccount = (events: readonly AccountEvent[], beside: CaseEvent[] = []): Message[] => {
  const event = events.at(-1);
  if (event === undefined) return [];
  return messagesFor({
    id: 'row-1/0',
    event: { account, event },
    case: null,
    account: events.reduce(evolveAccount, emptyAccount(account)),
    config,
    beside: beside.map((each) => ({ case: id, event: each })),
  });
};

describe('messages about a case', () => {
  it('asks each approver, and nobody else, when access is requested', () => {
    const [told, ...more] = afterCase([requested()]);

    expect(more).toEqual([]);
    expect(told).toMatchObject({
      id: 'row-1/0/approvers',
      severity: 'act',
      to: ['bob', 'carol', 'dan'],
      channels: ['seniors', 'oncall'],
      command: `breakglass approve ${id}`,
      link: 'http://127.0.0.1:7400/v1/cases/acme-eu/2026-11-21-01',
      drill: false,
    });
    expect(told?.text).toContain('Alice (alice) asks for acme-eu, for 30 minutes.');
    expect(told?.text).toContain('SSO is fully down');
    expect(told?.text).toContain('2 people of role senior must sign by 2026-11-21 08:30:00 UTC.');
  });

  it('marks what belongs to a drill', () => {
    expect(afterCase([requested('drill')]).map((each) => each.drill)).toEqual([true]);
  });

  it('says nothing at a single approval', () => {
    expect(afterCase([requested(), approved('bob')])).toEqual([]);
  });

  it('tells custodians and named people apart once it is authorised', () => {
    const [custodians, people, ...more] = afterCase(authorised);

    expect(more).toEqual([]);
    expect(custodians).toMatchObject({
      id: 'row-1/0/custodians',
      severity: 'act',
      to: ['erin', 'frank', 'grace', 'heidi'],
      channels: ['keepers'],
      command: `breakglass release ${id}`,
    });
    expect(people).toMatchObject({
      id: 'row-1/0/named-people',
      to: ['bob', 'carol', 'karl'],
      channels: ['seniors', 'security-topic'],
    });
    expect(people?.text).toContain('signed by Bob (bob), Carol (carol)');
  });

  it('calls the requester when it can be opened', () => {
    expect(afterCase(released)).toMatchObject([
      { to: ['alice'], channels: ['oncall'], command: `breakglass open ${id} --login`, severity: 'act' },
    ]);
  });

  it.each([
    [
      'denied',
      { type: 'denied', by: 'bob', reason: 'use the read-only role' },
      'Bob (bob) denied it: use the read-only role.',
    ],
    ['withdrawn', { type: 'withdrawn', by: 'alice', reason: 'solved' }, 'tell security at once'],
    ['expired', { type: 'expired', waitedFor: 'quorum' }, 'the signatures did not come in time'],
  ])('tells the requester that it was %s', (word, event, why) => {
    const [told, ...more] = afterCase([requested(), happened(event)]);

    expect(more).toEqual([]);
    expect(told).toMatchObject({ to: ['alice'], command: 'breakglass request acme-eu' });
    expect(told?.title).toBe(`${id} is ${word}`);
    expect(told?.text).toContain(why);
  });

  it('asks for the write-up instead when a share had left its custodian before it expired', () => {
    const [told] = afterCase([...authorised, aShare, happened({ type: 'expired', waitedFor: 'release' })]);

    expect(told).toMatchObject({ to: ['alice'], title: `Write up ${id}` });
    expect(told?.command).toContain('write-up');
  });

  it('asks the requester for the write-up, with both deadlines, when it has ended', () => {
    const [told, ...more] = afterCase(ended);

    expect(more).toEqual([]);
    expect(told?.to).toEqual(['alice']);
    expect(told?.text).toContain('session log by 2026-11-22 08:00:00 UTC');
    expect(told?.text).toContain('post-mortem by 2026-11-23 08:00:00 UTC');
  });

  it('asks the custodians of the new pair to attest once it is rotated', () => {
    expect(afterCase(rotated)).toMatchObject([
      { to: ['erin', 'frank', 'grace', 'heidi'], command: `breakglass attest ${id} --kept-at PLACE` },
    ]);
  });

  it('reminds the owner alone, and escalates to on-call and admins', () => {
    const obligation = 'attestation/mfa/grace';
    const [reminder] = afterCase([...rotated, happened({ type: 'reminded', obligation, late: 0 })]);
    const [escalation] = afterCase([...rotated, happened({ type: 'escalated', obligation, late: 5 })]);

    expect(reminder).toMatchObject({ id: 'row-1/0/owner', to: ['grace'], severity: 'act' });
    expect(escalation).toMatchObject({
      id: 'row-1/0/escalation',
      to: ['grace', 'alice', 'bob', 'carol'],
      severity: 'warning',
      command: `breakglass attest ${id} --kept-at PLACE`,
    });
    expect(escalation?.text).toContain('due 2026-11-22 08:00:00 UTC');
  });

  it.each([
    ['share-released', [...authorised, aShare]],
    ['sessions-ended', [...ended, happened({ type: 'sessions-ended', sessions: [] })]],
    ['attested', [...rotated, happened({ type: 'attested', by: 'erin', part: 'password' })]],
    ['closed', [...rotated, happened({ type: 'closed' })]],
  ])('says nothing of %s, which asks nothing of anybody', (_, events) => {
    expect(afterCase(events)).toEqual([]);
  });

  const unsighted = (session: string | null): CaseEvent => happened({ type: 'unsighted', session, late: 0 });

  it.each([
    ['nobody was seen after a release', null, 'acme-eu was released, but nobody was seen'],
    [
      'a claimed session was not seen',
      '00000000-0000-4000-8000-000000000001',
      'A session on acme-eu was claimed, but not seen',
    ],
  ])('rings the requester, on-call and security when %s', (_, session, title) => {
    const [told, ...more] = afterCase([...released, unsighted(session)]);

    expect(more).toEqual([]);
    expect(told).toMatchObject({ severity: 'alarm', title });
    expect(told?.to).toContain('alice');
    expect(told?.channels).toEqual(expect.arrayContaining(config.security.channels));
  });

  it('leaves a login that was seen and not claimed to its own alarm', () => {
    const state = [...released, unsighted(null)].reduce<CaseState | null>(evolveCase, null);
    const seen = accountEvents({ type: 'session-sighted', sighting: sightingOf(1), claimBy: at });
    const event = { case: id, event: unsighted(null) };
    const of = seen.reduce(evolveAccount, emptyAccount(account));

    expect(messagesFor({ id: 'row-1/0', event, case: state, account: of, config })).toEqual([]);
  });

  it('gives every message the contract asks for', () => {
    for (const events of [[requested()], authorised, released, ended, rotated])
      for (const each of afterCase(events)) expect(message.parse(each)).toEqual(each);
  });
});

const login = {
  ...{ id: 'login-00000001', account, identity: '5f0f8f1e-0000-4000-8000-000000000001', session: null },
  ...{ aal: 'aal1', method: 'password', ip: '203.0.113.7', userAgent: 'curl', at, source: 'kratos-hook' },
};
const sighted = { type: 'session-sighted', sighting: login, claimBy: '2026-11-21T08:01:00.000Z' };
const proven = { type: 'rotation-proven', rotation, identity: login.identity, pair };

describe('messages about an account', () => {
  it('rings at the highest severity when nobody claims a login', () => {
    const events = accountEvents(sighted, { type: 'session-unclaimed', sighting: login.id, late: 0 });

    const [told, ...more] = afterAccount(events);

    expect(more).toEqual([]);
    expect(told).toMatchObject({
      severity: 'alarm',
      case: null,
      to: ['alice', 'bob', 'carol', 'karl'],
      channels: ['oncall', 'seniors', 'security-topic', 'security-chat'],
      link: 'http://127.0.0.1:7400/v1/accounts/acme-eu',
    });
    expect(told?.text).toContain('from 203.0.113.7');
  });

  it('does not ring for a login itself, which the sentinel has rung already', () => {
    expect(afterAccount(accountEvents(sighted))).toEqual([]);
  });

  it('rings owners, admins and on-call when a rotation failed', () => {
    const started = { type: 'rotation-started', rotation, cause: 'asked', case: null, by: 'bob' };
    const events = accountEvents(started, {
      type: 'rotation-failed',
      rotation,
      why: 'kratos did not answer',
    });

    expect(afterAccount(events)).toMatchObject([
      { severity: 'alarm', to: ['bob', 'carol', 'alice'], command: 'breakglass rotate acme-eu --reason WHY' },
    ]);
  });

  it('asks the other owner when one has signed to provision, and nobody once two have', () => {
    const expiresAt = '2026-11-21T10:00:00.000Z';
    const one = { type: 'provision-signed', by: 'bob', expiresAt };
    const two = { type: 'provision-signed', by: 'carol', expiresAt };
    const started = { type: 'rotation-started', rotation, cause: 'provision', case: null, by: 'carol' };
    const last = accountEvents(one, two, started).reduce(evolveAccount, emptyAccount(account));

    expect(afterAccount(accountEvents(one))).toMatchObject([
      { to: ['carol'], command: 'breakglass provision acme-eu' },
    ]);
    const [, second] = accountEvents(one, two);
    if (second === undefined) throw new Error('no second signature');
    expect(
      messagesFor({ id: 'row-2/0', event: { account, event: second }, case: null, account: last, config }),
    ).toEqual([]);
  });

  it('asks custodians to attest a rotation that no case waits for', () => {
    expect(afterAccount(accountEvents(proven))).toMatchObject([
      { to: ['erin', 'frank', 'grace', 'heidi'], command: 'breakglass attest acme-eu --kept-at PLACE' },
    ]);
  });

  it('leaves that to the case when the same row rotates one', () => {
    expect(afterAccount(accountEvents(proven), [happened({ type: 'rotated', rotation, pair })])).toEqual([]);
  });
});
