import { describe, expect, it } from 'vitest';
import type { AccountEvent, Sighting } from '../../core/contracts/events.ts';
import { dueAccount, nextAccountDeadline } from '../../core/rules/account/due.ts';
import { evolveAccount } from '../../core/rules/account/evolve.ts';
import type { AccountState } from '../../core/rules/account/state.ts';
import { caseId } from '../../core/contracts/ids.ts';
import { caseLearns } from '../../core/rules/crossing.ts';
import {
  accountAfter,
  at,
  caseOpened,
  caseRotation,
  person,
  provisioned,
  sessionOf,
  sightingOf,
  theCase,
} from '../support/rules.ts';

const open = accountAfter(...provisioned, caseOpened);
const sighted = (n: number, members: Partial<Sighting> = {}): AccountEvent => ({
  ...{ type: 'session-sighted', at: at(130), sighting: sightingOf(n, members), claimBy: at(190) },
});
const claimed = (n: number): AccountEvent => ({
  ...{ type: 'session-claimed', at: at(140), by: person('alice'), case: theCase, session: sessionOf(n) },
});
const recorded = (n: number): AccountEvent => ({
  ...{ type: 'session-recorded', at: at(140), rotation: caseRotation, session: sessionOf(n) },
});
/** The case beside the open one that a login nobody claims opens. */
const use = caseId.parse('case/acme-eu/2026-11-21-02');
const after = (state: AccountState, ...events: AccountEvent[]) => events.reduce(evolveAccount, state);
/** What the case hears of the last of some events. */
const heard = (state: AccountState, ...events: AccountEvent[]) => {
  const last = events.at(-1);
  if (last === undefined) throw new Error('nothing happened');
  const before = after(state, ...events.slice(0, -1));
  return caseLearns(before, last, evolveAccount(before, last))[0] ?? null;
};

describe('a login seen before it is claimed', () => {
  it('waits for its claim until the deadline', () => {
    const state = after(open, sighted(1));
    expect(nextAccountDeadline(state)).toBe(at(190));
    expect(dueAccount(state, at(189))).toEqual([]);
  });

  it('is told to the case with the claim', () => {
    expect(heard(open, sighted(1), claimed(1))).toMatchObject({
      ...{ case: theCase, events: [{ type: 'session-claimed' }, { type: 'session-seen', at: at(140) }] },
    });
  });

  it('once claimed, rings no more', () => {
    const state = after(open, sighted(1), claimed(1));
    expect(dueAccount(state, at(1_000_000))).toEqual([]);
    expect(nextAccountDeadline(state)).toBeNull();
  });

  it('when another session is claimed, still waits', () => {
    expect(nextAccountDeadline(after(open, sighted(1), claimed(2)))).toBe(at(190));
  });
});

describe('a login seen after it was claimed', () => {
  it('belongs to the case at once', () => {
    expect(heard(open, claimed(1))).toMatchObject({ events: [{ type: 'session-claimed' }] });
    expect(heard(open, claimed(1), sighted(1))).toMatchObject({
      ...{ case: theCase, events: [{ type: 'session-seen', at: at(130) }] },
    });
    expect(nextAccountDeadline(after(open, claimed(1), sighted(1)))).toBeNull();
  });

  it('at its second factor, is told again, as the same login', () => {
    const events = [claimed(1), sighted(1), sighted(1, { aal: 'aal2' })];
    expect(heard(open, ...events)).toMatchObject({
      events: [{ sighting: { id: 'sighting-1', aal: 'aal2' } }],
    });
    expect(after(open, ...events).seen).toHaveLength(1);
  });
});

describe('a login whose session is not known at first', () => {
  const unknown = sighted(1, { session: null });

  it('belongs to nobody, whatever is claimed', () => {
    expect(heard(open, claimed(1), unknown)).toBeNull();
    expect(nextAccountDeadline(after(open, claimed(1), unknown))).toBe(at(190));
  });

  it('belongs to the case once the session is confirmed, claimed before or after', () => {
    const confirmed = sighted(1);
    expect(heard(open, claimed(1), unknown, confirmed)).toMatchObject({ case: theCase });
    expect(heard(open, unknown, confirmed, claimed(1))?.events.map((each) => each.type)).toEqual([
      ...['session-claimed', 'session-seen'],
    ]);
    expect(heard(open, unknown, claimed(1), confirmed)).toMatchObject({ case: theCase });
  });

  it('keeps a session once known, and its first deadline', () => {
    const state = after(open, sighted(1), { ...unknown, claimBy: at(500) } as AccountEvent);
    expect(state.seen).toMatchObject([{ claimBy: at(190), sighting: { session: sessionOf(1) } }]);
  });
});

describe('a login that a rotation made', () => {
  it('belongs to the rotation, recorded before or after, and no case hears of it', () => {
    for (const events of [
      [sighted(1), recorded(1)],
      [recorded(1), sighted(1)],
    ]) {
      expect(after(open, ...events).seen).toMatchObject([{ claimedFor: caseRotation }]);
      expect(dueAccount(after(open, ...events), at(1_000_000))).toEqual([]);
      expect(heard(open, ...events)).toBeNull();
    }
  });
});

describe('a login nobody claims', () => {
  it('rings once, and says how late', () => {
    const state = after(open, sighted(1));
    const events = dueAccount(state, at(190 + 75));
    expect(events).toEqual([
      { type: 'session-unclaimed', at: at(265), sighting: 'sighting-1', late: 75, case: use },
    ]);
    const rung = after(state, ...events);
    expect(dueAccount(rung, at(1_000_000))).toEqual([]);
    expect(nextAccountDeadline(rung)).toBeNull();
  });

  it('rings once though it is reported again', () => {
    const rung = after(open, sighted(1), ...dueAccount(after(open, sighted(1)), at(190)));
    const again = after(rung, sighted(1, { aal: 'aal2' }));
    expect(dueAccount(again, at(1_000_000))).toEqual([]);
  });

  it('may still be claimed late', () => {
    const rung = after(open, sighted(1), ...dueAccount(after(open, sighted(1)), at(190)));
    expect(heard(rung, claimed(1))?.events.map((each) => each.type)).toEqual([
      'session-claimed',
      'session-seen',
    ]);
  });

  it('rings apart from another', () => {
    const state = after(open, sighted(1), sighted(2), claimed(2), sighted(3));
    expect(dueAccount(state, at(190)).map((each) => 'sighting' in each && each.sighting)).toEqual([
      ...['sighting-1', 'sighting-3'],
    ]);
  });

  it('rings with no case open and before provisioning, too', () => {
    expect(dueAccount(accountAfter(sighted(1)), at(190))).toHaveLength(1);
  });
});
