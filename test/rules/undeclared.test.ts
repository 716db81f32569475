import { describe, expect, it } from 'vitest';
import { accountEvent, type AccountEvent } from '../../core/contracts/events.ts';
import { caseId, rotationId, type CaseId } from '../../core/contracts/ids.ts';
import type { StatementOf } from '../../core/contracts/statements.ts';
import { dueAccount, followAccount } from '../../core/rules/account/due.ts';
import { decideAccount } from '../../core/rules/account/decide.ts';
import { evolveAccount } from '../../core/rules/account/evolve.ts';
import type { AccountState } from '../../core/rules/account/state.ts';
import { decideCase, writeUpHeadings } from '../../core/rules/case/decide.ts';
import { withDetected } from '../../core/rules/case/detect.ts';
import { dueCase, followCase, nextCaseDeadline } from '../../core/rules/case/due.ts';
import { evolveCase } from '../../core/rules/case/evolve.ts';
import type { CaseState } from '../../core/rules/case/state.ts';
import { accountLearns, caseLearns } from '../../core/rules/crossing.ts';
import {
  accountAfter,
  at,
  caseAfter,
  caseOpened,
  caseRotation,
  config,
  configDigest,
  configWith,
  digestOf,
  person,
  provisioned,
  says,
  sessionOf,
  sightingOf,
  theCase,
  upTo,
  without,
  type ConfigData,
} from '../support/rules.ts';

const use = caseId.parse('case/acme-eu/2026-11-21-02');
const sighted = (n: number): AccountEvent => ({
  ...{ type: 'session-sighted', at: at(130), sighting: sightingOf(n), claimBy: at(190) },
});
const open = accountAfter(...provisioned, caseOpened);
const after = (state: AccountState, ...events: AccountEvent[]) => events.reduce(evolveAccount, state);
const rung = (n: number, id: CaseId = use): AccountEvent => ({
  ...{ type: 'session-unclaimed', at: at(190), sighting: `sighting-${n}`, late: 0, case: id },
});
const inForce = { config, digest: configDigest };
/** The undeclared case as its first row leaves it, at second 190. */
const opened = (current = inForce): CaseState => {
  const seen = after(open, sighted(1));
  const events = withDetected(seen, dueAccount(seen, at(190)), current);
  return caseAfter(events.flatMap((each) => ('case' in each ? [each.event] : [])));
};
const claimedFor = (id: CaseId, n: number, by = 'alice'): AccountEvent => ({
  ...{ type: 'session-claimed', at: at(200), by: person(by), case: id, session: sessionOf(n) },
});
const judge = (state: CaseState, it: StatementOf<'stop' | 'end' | 'write-up'>, now = at(200)) =>
  decideCase(state, it, { now, current: config, digest: digestOf('said') });
const stops = (by: string, id: CaseId = use) => says(by, 'stop', { case: id });

describe('a login that nobody claims in time', () => {
  it('opens a case beside the open one, in the same row, under the next id', () => {
    const seen = after(open, sighted(1));
    expect(dueAccount(seen, at(189))).toEqual([]);
    const events = withDetected(seen, dueAccount(seen, at(190)), inForce);
    expect(events).toMatchObject([
      { account: 'acme-eu', event: { type: 'session-unclaimed', case: use } },
      { case: use, event: { type: 'detected', sighting: { id: 'sighting-1' }, config: configDigest } },
    ]);
    const state = after(seen, rung(1));
    expect(state.openCase?.case).toBe(theCase);
    expect(state.undeclared).toEqual([{ case: use, sightings: ['sighting-1'], unclaimed: ['sighting-1'] }]);
  });

  it('opens one also while a rotation runs', () => {
    const started: AccountEvent = {
      ...{ type: 'rotation-started', at: at(100), rotation: caseRotation, cause: 'asked', case: null },
      by: person('bob'),
    };
    const state = after(accountAfter(...provisioned), started, sighted(1));
    expect(withDetected(state, dueAccount(state, at(190)), inForce)).toHaveLength(2);
  });

  it('joins the case that waits for its answer: many at once open one', () => {
    const flood = after(open, ...Array.from({ length: 60 }, (_, n) => sighted(n)));
    const events = withDetected(flood, dueAccount(flood, at(190)), inForce);
    expect(events.filter(({ event }) => event.type === 'session-unclaimed')).toHaveLength(60);
    expect(events.filter(({ event }) => event.type === 'detected')).toHaveLength(1);
    const later = after(open, sighted(1), rung(1), sighted(2));
    const joining = dueAccount(later, at(190));
    expect(withDetected(later, joining, inForce)).toMatchObject([{ event: { case: use } }]);
    const [event] = joining;
    if (event === undefined) throw new Error('nothing is due');
    expect(caseLearns(later, event, after(later, event))).toMatchObject([
      { case: use, events: [{ type: 'session-seen', sighting: { id: 'sighting-2' } }] },
    ]);
  });

  it('seen again at its second factor, is told to its case', () => {
    const state = after(open, sighted(1), rung(1));
    expect(caseLearns(state, sighted(1), after(state, sighted(1)))).toMatchObject([
      { case: use, events: [{ type: 'session-seen' }] },
    ]);
  });

  it('opens another once the first is answered', () => {
    const state = after(open, sighted(1), rung(1), claimedFor(use, 1), sighted(2));
    expect(dueAccount(state, at(190))).toMatchObject([{ case: 'case/acme-eu/2026-11-21-03' }]);
  });

  it('opens none before the account is provisioned', () => {
    const state = accountAfter(sighted(1));
    expect(withDetected(state, dueAccount(state, at(190)), inForce)).toMatchObject([
      { event: { type: 'session-unclaimed' } },
    ]);
  });

  it('was told without a case by older rows, which still fold', () => {
    const old = accountEvent.parse({
      ...{ type: 'session-unclaimed', at: at(190), sighting: 'sighting-1', late: 0 },
    });
    expect(after(open, sighted(1), old)).toMatchObject({ undeclared: [], casesOn: open.casesOn });
  });
});

describe('the answer to an undeclared use', () => {
  it('is owed by on-call; without them by security, admins, owners, anybody', () => {
    const owners = (change: Parameters<typeof configWith>[0]) =>
      opened({ config: configWith(change), digest: configDigest }).obligations.map((each) => each.owner);
    expect(opened().obligations.map((each) => each.id)).toEqual(['answer/alice', 'answer/nils']);
    const only =
      (...given: [string, string][]) =>
      (it: ConfigData) => {
        for (const each of Object.values(it.people)) each.roles = [];
        for (const [name, role] of given) it.people[name]?.roles.push(role);
      };
    expect(owners(only(['dan', 'security'], ['bob', 'admin']))).toEqual(['dan']);
    expect(owners(only(['bob', 'admin']))).toEqual(['bob']);
    expect(owners(only())).toEqual(['bob', 'carol']);
    expect(
      owners((it) => {
        only()(it);
        it.accounts = {};
      }),
    ).toHaveLength(11);
  });

  it('is due in five minutes when the config does not say', () => {
    expect(configWith().deadlines.answer).toBe(300);
    expect(opened().obligations[0]?.due).toBe(at(490));
  });

  it('is reminded of, then rings at each multiple of its time, until it is given', () => {
    let state = opened();
    const rings: string[] = [];
    for (
      let next = nextCaseDeadline(state);
      next !== null && next < at(1500);
      next = nextCaseDeadline(state)
    ) {
      for (const event of dueCase(state, next)) {
        if ('obligation' in event && event.obligation === 'answer/alice') rings.push(`${event.type} ${next}`);
        state = evolveCase(state, event);
      }
    }
    expect(rings).toEqual([
      ...[`reminded ${at(390)}`, `escalated ${at(490)}`, `escalated ${at(790)}`, `escalated ${at(1090)}`],
      `escalated ${at(1390)}`,
    ]);
    const answered = evolveCase(state, {
      ...{ type: 'answered', at: at(1400), by: person('bob'), how: 'stop', claimedFor: null },
    });
    expect(nextCaseDeadline(answered)).toBeNull();
  });

  it('rings once after an outage of several multiples, and says how late', () => {
    let state = opened();
    const late = dueCase(state, at(490 + 1000));
    expect(late).toMatchObject([
      { type: 'escalated', obligation: 'answer/alice', late: 1000 },
      { type: 'escalated', obligation: 'answer/nils' },
    ]);
    state = late.reduce<CaseState>(evolveCase, state);
    expect(dueCase(state, at(490 + 1000))).toEqual([]);
    expect(nextCaseDeadline(state)).toBe(at(490 + 1200));
  });
});

describe('“stop”', () => {
  it('is for admins, on-call, security and approvers, by the config in force', () => {
    for (const by of ['alice', 'bob', 'dan', 'nils']) expect(judge(opened(), stops(by)).ok).toBe(true);
    for (const by of ['erin', 'kim'])
      expect(judge(opened(), stops(by))).toMatchObject({ refusal: { code: 'not-an-approver' } });
    const current = without('nils');
    expect(
      decideCase(opened(), stops('nils'), { now: at(200), current, digest: digestOf('said') }),
    ).toMatchObject({ refusal: { code: 'not-an-approver' } });
  });

  it('ends an undeclared use at once, with the post-mortem owed by whoever stopped it, and a rotation', () => {
    const decision = judge(opened(), stops('nils'));
    if (!decision.ok) throw new Error(decision.refusal.why);
    const before = opened();
    const state = decision.events.reduce<CaseState>(evolveCase, before);
    expect(state).toMatchObject({ phase: 'ended', answer: { how: 'stop', by: 'nils' }, responsible: 'nils' });
    expect(state.obligations.filter((each) => each.ended === null)).toMatchObject([
      { kind: 'post-mortem', owner: 'nils' },
    ]);
    expect(accountLearns(before, state, at(200))).toEqual([
      { type: 'case-left', at: at(200), case: use, rotate: true },
    ]);
    expect(judge(state, stops('bob'))).toMatchObject({ refusal: { code: 'wrong-phase' } });
    // Who stopped it can tell of the stop only, and is told so rather than that it was delivered.
    const sections = writeUpHeadings['session-log'].map((heading) => `## ${heading}\n\nunknown\n`);
    const log = { case: use, request: null, document: 'session-log', text: sections.join('\n') } as const;
    expect(judge(state, says('nils', 'write-up', log))).toMatchObject({ refusal: { code: 'wrong-phase' } });
  });

  it('ends a case in session or released, whose requester owes as before; not one that opens nothing yet', () => {
    for (const phase of ['released', 'in-session'] as const) {
      const before = caseAfter(upTo(phase));
      const decision = judge(before, stops('nils', theCase));
      if (!decision.ok) throw new Error(decision.refusal.why);
      const state = decision.events.reduce<CaseState>(evolveCase, before);
      expect(state).toMatchObject({ phase: 'ended', responsible: 'alice', answer: null });
    }
    for (const phase of ['requested', 'authorised', 'ended', 'settling'] as const)
      expect(judge(caseAfter(upTo(phase)), stops('nils', theCase))).toMatchObject({
        refusal: { code: 'wrong-phase' },
      });
  });

  it('waits with the rotation while a declared case holds the account, then one rotation settles both', () => {
    const stopped = after(open, sighted(1), rung(1), {
      ...{ type: 'case-left', at: at(210), case: use, rotate: true },
    });
    expect(stopped).toMatchObject({ undeclared: [], rotationsOwed: [use] });
    expect(followAccount(stopped, at(210))).toEqual([]);
    const free = after(stopped, { type: 'case-left', at: at(1000), case: theCase, rotate: true });
    const [started, ...more] = followAccount(free, at(1000));
    expect(more).toEqual([]);
    expect(started).toMatchObject({ type: 'rotation-started', case: use, also: [theCase] });
    if (started?.type !== 'rotation-started') throw new Error('no rotation');
    const running = after(free, started);
    expect(running.rotationsOwed).toEqual([]);
    const failed = after(running, {
      ...{ type: 'rotation-failed', at: at(1010), rotation: started.rotation, why: 'x' },
    });
    expect(failed.rotationsOwed).toEqual([use, theCase]);
    const pair = open.pair;
    if (pair === null) throw new Error('no pair');
    const proven: AccountEvent = {
      ...{ type: 'rotation-proven', at: at(1010), rotation: started.rotation, identity: 'i', pair },
    };
    expect(caseLearns(running, proven, after(running, proven)).map((each) => each.case)).toEqual([
      use,
      theCase,
    ]);
  });
});

describe('“mine”', () => {
  const standing = after(open, sighted(1), rung(1));
  const about = {
    ...{ now: at(200), current: config, currentDigest: configDigest, digest: digestOf('claim') },
    openPhase: 'released',
  } as const;
  const heard = (event: AccountEvent, state = standing) => caseLearns(state, event, after(state, event));

  it('by the requester of the open case, late, closes the undeclared one: nothing is rotated for it', () => {
    expect(heard(claimedFor(theCase, 1))).toMatchObject([
      { case: theCase, events: [{ type: 'session-claimed' }, { type: 'session-seen' }] },
      { case: use, events: [{ type: 'answered', how: 'mine', by: 'alice', claimedFor: theCase }] },
    ]);
    const answered = evolveCase(opened(), {
      ...{ type: 'answered', at: at(200), by: person('alice'), how: 'mine', claimedFor: theCase },
    });
    expect(followCase(answered, at(200))).toEqual([{ type: 'closed', at: at(200) }]);
    const closed = evolveCase(answered, { type: 'closed', at: at(200) });
    expect(accountLearns(answered, closed, at(200))).toMatchObject([{ case: use, rotate: false }]);
  });

  it('for the undeclared case itself is for principals, of one of its sessions, and names no request', () => {
    const claims = (by: string, members: object = {}) =>
      decideAccount(
        standing,
        says(by, 'claim', { case: use, request: null, session: sessionOf(1), ...members }),
        about,
      );
    expect(claims('nils')).toMatchObject({
      events: [{ type: 'session-claimed', case: use, session: sessionOf(1) }],
    });
    expect(claims('bob')).toMatchObject({ refusal: { code: 'not-a-principal' } });
    expect(claims('nils', { session: sessionOf(2) })).toMatchObject({ refusal: { code: 'wrong-case' } });
    expect(claims('nils', { request: digestOf('request') })).toMatchObject({
      refusal: { code: 'wrong-request' },
    });
  });

  it('without authorisation is a use all the same: the person ends it, or the hour does, and writes it up', () => {
    const events = heard(claimedFor(use, 1, 'nils')).flatMap((each) => each.events);
    const state = events.reduce<CaseState>(evolveCase, opened());
    expect(state).toMatchObject({ phase: 'in-session', responsible: 'nils', answer: { how: 'mine' } });
    expect(nextCaseDeadline(state)).toBe(at(200 + 3600));
    const end = says('nils', 'end', { case: use, request: null });
    const decision = judge(state, end);
    if (!decision.ok) throw new Error(decision.refusal.why);
    const ended = decision.events.reduce<CaseState>(evolveCase, state);
    expect(ended.obligations.filter((each) => each.ended === null)).toMatchObject([
      { kind: 'session-log', owner: 'nils' },
      { kind: 'post-mortem', owner: 'nils' },
    ]);
    expect(judge(state, says('alice', 'end', { case: use, request: null }))).toMatchObject({
      refusal: { code: 'not-an-approver' },
    });
  });

  it('answers only when it was said of every session', () => {
    const two = after(open, sighted(1), rung(1), sighted(2), rung(2));
    const first = claimedFor(theCase, 1);
    expect(heard(first, two).map((each) => each.case)).toEqual([theCase]);
    expect(heard(claimedFor(theCase, 2), after(two, first)).at(-1)).toMatchObject({ case: use });
  });

  it('is said by a rotation that records a session of its own late', () => {
    const recorded: AccountEvent = {
      ...{ type: 'session-recorded', at: at(200), session: sessionOf(1) },
      rotation: rotationId.parse('rotation/acme-eu/2026-11-21-01'),
    };
    expect(heard(recorded)).toMatchObject([
      { case: use, events: [{ type: 'answered', by: null, claimedFor: caseRotation }] },
    ]);
  });
});
