/** Which rows show that what was hit went on, and from when they are counted. */
import { describe, expect, it } from 'vitest';
import type { AccountEvent, CaseEvent } from '../../../core/contracts/events.ts';
import type { Row } from '../../../core/contracts/ledger.ts';
import { account, at, provisionRotation, sessionOf, sightingOf, t0, theCase } from '../../support/rules.ts';
import { faultKinds, type FaultKind } from './plan.ts';
import { recoveriesOf, recoveryOf, slowestOf, wentOn, type Broken, type Had, type Seen } from './recovery.ts';

const ms = (seconds: number): number => Date.parse(t0) + 1000 * seconds;

const row = (seconds: number, members: Partial<Row>): Row => ({
  ...{ timestamp: at(seconds), actor_id: 'x', actor_role: 'worker', action: 'break_glass_rotation' },
  ...{ resource_type: 'account', resource_id: account, ip_address: null, user_agent: null, case_id: null },
  ...{ result: 'success', nonce: null, key: `${seconds}`, metadata: {}, seq: 1, previous: '', hash: '' },
  ...members,
});
const ofAccount = (event: AccountEvent) => ({ metadata: { events: [{ account, event }] } });
const started: AccountEvent = {
  ...{ type: 'rotation-started', at: t0, rotation: provisionRotation, cause: 'asked', case: null },
  ...{ by: null },
};
const claimed: CaseEvent = { type: 'session-claimed', at: t0, by: 'alice' as never, session: sessionOf(1) };
const ended: CaseEvent = { type: 'sessions-ended', at: t0, sessions: [] };
const sighted: AccountEvent = {
  ...{ type: 'session-sighted', at: t0, sighting: sightingOf(1), claimBy: at(600) },
};

/** What each part of the system writes, so many seconds after. */
const rows = {
  alarm: (s: number) => row(s, { actor_role: 'sentinel', action: 'break_glass_alarm' }),
  login: (s: number) =>
    row(s, { actor_role: 'sentinel', action: 'break_glass_login', ...ofAccount(sighted) }),
  decision: (s: number) =>
    row(s, { actor_role: 'requester', metadata: { events: [{ case: theCase, event: claimed }] } }),
  statement: (s: number) =>
    row(s, {
      ...{ actor_role: 'unproven', action: 'break_glass_refused' },
      metadata: { envelope: { statement: 'mine', signature: '' } },
    }),
  apiRefusal: (s: number) => row(s, { actor_role: 'unproven', key: 'api/refused/1' }),
  machineRefusal: (s: number) =>
    row(s, {
      ...{ actor_role: 'person', key: 'api/machine-refusal/1' },
      metadata: { envelope: { statement: 'of a machine', signature: '' } },
    }),
  delivery: (s: number) => row(s, { action: 'break_glass_message' }),
  narrowed: (s: number) => row(s, { metadata: { step: 'narrowed', ...ofAccount(started).metadata } }),
  sealed: (s: number) => row(s, { metadata: { step: 'password-sealed', ...ofAccount(started).metadata } }),
  sessionsEnded: (s: number) =>
    row(s, { action: 'break_glass_sessions_ended', metadata: { events: [{ case: theCase, event: ended }] } }),
} as const;

/** Down from 0 to 10 s, and asked of everything at 12 s. */
const broken = (kind: FaultKind, began = 0): Broken => ({
  ...{ fault: { kind, after: 1, outage: 4 }, began: ms(began), up: ms(began + 10) },
});
const seen = (found: readonly Row[], members: Partial<Seen> = {}): Seen => ({
  rows: found,
  posted: [{ statement: 'mine', at: ms(12) }],
  logins: [{ asked: ms(12), had: ms(12) }],
  busyUntil: ms(200),
  ...members,
});
const quiet = { posted: [], logins: [] };

const workflows = ['decision', 'statement', 'narrowed', 'sealed', 'sessionsEnded'];
const shows: Readonly<Record<FaultKind, readonly string[]>> = {
  ...{ 'worker killed': workflows, 'temporal stopped': workflows, 'ledger stopped': workflows },
  'sentinel killed': ['alarm'],
  'api killed': ['statement'],
  'kratos stopped': ['login', 'narrowed', 'sessionsEnded'],
  'woken twice': ['login', 'decision', 'narrowed', 'sealed', 'sessionsEnded'],
};

describe.each(faultKinds)('%s', (kind) => {
  it.each(Object.keys(rows) as (keyof typeof rows)[])('and a row: %s', (name) => {
    const isShown = shows[kind].includes(name);
    // No rotation runs before; the row comes 8 s after all was asked for.
    expect(recoveryOf(broken(kind), [], seen([rows[name](20)]))).toBe(isShown ? 8 : 'never');
    expect(recoveryOf(broken(kind), [], seen([rows[name](9)]))).toBe('never');
  });

  it('has nothing to go on with when nothing is asked for', () => {
    expect(recoveryOf(broken(kind), [], seen([], quiet))).toBe('nothing to go on with');
  });

  it('has nothing to go on with when all was over soon after', () => {
    expect(recoveryOf(broken(kind), [], seen([], { busyUntil: ms(40) }))).toBe('nothing to go on with');
  });

  it('went on at once when it did before it was asked', () => {
    const [first] = shows[kind];
    const it = { ...seen([rows[first as keyof typeof rows](100)]), logins: [] };
    const posted = it.posted.map((each) => ({ ...each, at: kind === 'api killed' ? ms(100) : ms(101) }));
    expect(recoveryOf(broken(kind), [], { ...it, posted })).toBe(0);
  });
});

describe('from when it is counted', () => {
  it('a rotation that runs is to go on as soon as the outage is over', () => {
    for (const kind of ['worker killed', 'kratos stopped'] as const) {
      const running = row(-5, ofAccount(started));
      expect(recoveryOf(broken(kind), [], seen([running, rows.narrowed(25)], quiet))).toBe(15);
      expect(recoveryOf(broken(kind), [], seen([running], quiet))).toBe('never');
    }
  });

  it('a statement that came before the outage shows nothing of the api', () => {
    const posted = [
      { statement: 'mine', at: ms(-1) },
      ...seen([]).posted.map((it) => ({ ...it, statement: 'b' })),
    ];
    expect(recoveryOf(broken('api killed'), [], seen([rows.statement(20)], { posted }))).toBe('never');
  });

  it('what a later fault holds up has from that one’s end', () => {
    const later = broken('ledger stopped', 20);
    const it = recoveryOf(broken('worker killed'), [later], seen([rows.decision(45)]));
    expect(it).toBe(15);
  });

  it('what was late before a later fault stays late', () => {
    const later = broken('ledger stopped', 60);
    expect(recoveryOf(broken('worker killed'), [later], seen([rows.decision(75)]))).toBe(63);
  });

  it('a login whose hook a later outage may have lost is not waited for', () => {
    const later = broken('sentinel killed', 11);
    const it = seen([rows.alarm(90)]);
    expect(recoveryOf(broken('sentinel killed'), [later], it)).toBe(0);
    expect(recoveryOf(broken('sentinel killed'), [], it)).toBe(78);
  });
});

describe('of many faults', () => {
  const all = [broken('api killed'), broken('sentinel killed', 30)];
  const posted = [12, 14, 16].map((second) => ({ statement: 'mine', at: ms(second), status: second }));
  const had = recoveriesOf(all, seen([rows.statement(15)], { posted }));

  it('each is told with its kind, its outage, how soon it was got over and what was answered until then', () => {
    expect(had).toEqual([
      { fault: all[0]?.fault, outage: 10, recovery: 3, answered: [12, 14] },
      { fault: all[1]?.fault, outage: 10, recovery: 'nothing to go on with', answered: [] },
    ]);
  });

  it('a kind of the plan that never was, or never had anything to go on with, is told', () => {
    const plan = faultKinds.map((kind) => ({ kind, after: 1, outage: 1 }));
    const told = wentOn(plan, had);
    expect(told.get('api killed')).toEqual({ had: 1, on: 1, idle: 0 });
    expect(told.get('sentinel killed')).toEqual({ had: 1, on: 0, idle: 1 });
    expect(told.get('worker killed')).toEqual({ had: 0, on: 0, idle: 0 });
  });

  it('the slowest is the longest, and for ever if one never went on', () => {
    const never: Had[] = had.map((it) => ({ ...it, recovery: 'never' }));
    expect([slowestOf([]), slowestOf(had), slowestOf([...had, ...never])]).toEqual([0, 3, Infinity]);
  });
});
