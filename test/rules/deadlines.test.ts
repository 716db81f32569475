import { describe, expect, it } from 'vitest';
import type { CaseEvent } from '../../core/contracts/events.ts';
import { dueCase, nextCaseDeadline } from '../../core/rules/case/due.ts';
import { evolveCase } from '../../core/rules/case/evolve.ts';
import type { CaseState } from '../../core/rules/case/state.ts';
import { isOwed } from '../../core/rules/obligations.ts';
import {
  approved,
  at,
  caseAfter,
  digestOf,
  person,
  requested,
  sessionOf,
  shareReleased,
  sightingOf,
  upTo,
} from '../support/rules.ts';

/** What the clock brings about at an instant, and the case after it. */
const tick = (state: CaseState, now: string) => {
  const events = dueCase(state, now);
  return { events, state: events.reduce(evolveCase, state) };
};
const said = (events: readonly CaseEvent[]) =>
  events.map((each) => ('obligation' in each ? `${each.type} ${each.obligation} ${each.late}` : each.type));

/** A case that owes only what is named. */
const owingOnly = (state: CaseState, kind: string): CaseState => ({
  ...state,
  obligations: state.obligations.filter((each) => each.kind === kind),
});

describe('what a phase waits for', () => {
  it.each([
    ['requested', 'signatures', upTo('requested'), 600, 'quorum'],
    ['authorised', 'shares', upTo('authorised'), 660, 'release'],
    ['released', 'a login', upTo('released'), 700, 'login'],
  ] as const)('%s: %s, until its deadline', (_, __, events, deadline, waitedFor) => {
    const state = caseAfter(events);
    expect(dueCase(state, at(deadline - 0.001)).filter((each) => each.type === 'expired')).toEqual([]);
    const { events: due } = tick(state, at(deadline));
    expect(due).toEqual([{ type: 'expired', at: at(deadline), waitedFor, late: 0 }]);
  });

  it('in session: the end, until the longest session is over', () => {
    const state = caseAfter(upTo('in-session'));
    expect(nextCaseDeadline(state)).toBe(at(120 + 3600));
    expect(dueCase(state, at(120 + 3599))).toEqual([]);
    const { events, state: after } = tick(state, at(120 + 3700));
    expect(events).toMatchObject([{ type: 'ended', by: null, how: 'longest-session', at: at(120 + 3700) }]);
    expect(after.phase).toBe('ended');
  });

  it('before any share: expired, and nothing is owed', () => {
    for (const events of [upTo('requested'), upTo('authorised')]) {
      const { state } = tick(caseAfter(events), at(900));
      expect(state.phase).toBe('expired');
      expect(state.obligations.filter(isOwed)).toEqual([]);
      expect(nextCaseDeadline(state)).toBeNull();
    }
  });

  it('after a share has left its custodian: ended, for a rotation and its write-up', () => {
    for (const events of [
      [...upTo('authorised'), shareReleased('erin', 'password', at(70))],
      upTo('released'),
    ]) {
      const { state } = tick(caseAfter(events), at(900));
      expect(state).toMatchObject({ phase: 'ended', endedAt: at(900) });
      expect(state.obligations.filter(isOwed).map((each) => each.kind)).toEqual([
        'session-log',
        'post-mortem',
      ]);
    }
  });
});

describe('silence', () => {
  const within = (events: readonly CaseEvent[]): CaseState => {
    const { terms } = requested();
    const timed = { ...terms, seconds: { ...terms.seconds, sighting: 200 } };
    return caseAfter(events.map((each) => (each.type === 'requested' ? { ...each, terms: timed } : each)));
  };
  const claim = (n: number, when: number): CaseEvent => ({
    ...{ type: 'session-claimed', at: at(when), by: person('alice'), session: sessionOf(n) },
  });
  const seen = (n: number): CaseEvent => ({ type: 'session-seen', at: at(150), sighting: sightingOf(n) });

  it('after the release rings once, and says how late', () => {
    const state = within(upTo('released'));
    expect(nextCaseDeadline(state)).toBe(at(300));
    expect(dueCase(state, at(299))).toEqual([]);
    const { events, state: after } = tick(state, at(330));
    expect(events).toEqual([{ type: 'unsighted', at: at(330), session: null, late: 30 }]);
    expect(dueCase(after, at(600))).toEqual([]);
    expect(nextCaseDeadline(after)).toBe(at(700));
  });

  it('about each claimed session rings once, unless its login was seen', () => {
    const state = within([...upTo('in-session'), claim(2, 140), seen(2), claim(3, 150)]);
    expect(nextCaseDeadline(state)).toBe(at(320));
    const { events, state: after } = tick(state, at(320));
    expect(events).toEqual([{ type: 'unsighted', at: at(320), session: sessionOf(1), late: 0 }]);
    expect(nextCaseDeadline(after)).toBe(at(350));
    const { state: all } = tick(after, at(350));
    expect(all.unsighted).toEqual([sessionOf(1), sessionOf(3)]);
    expect(nextCaseDeadline(all)).toBe(at(120 + 3600));
  });

  it('is none once a claimed login was seen, nor after the end, nor in cases of before', () => {
    const ended: CaseEvent = {
      type: 'ended',
      at: at(130),
      by: person('alice'),
      how: 'requester',
      reason: 'x',
    };
    const rung = (state: CaseState) => dueCase(state, at(320)).filter((each) => each.type === 'unsighted');
    expect(rung(within([...upTo('in-session'), seen(1)]))).toEqual([]);
    expect(rung(within([...upTo('released'), ended]))).toEqual([]);
    expect(rung(caseAfter(upTo('released')))).toEqual([]);
  });

  it('gives way to what ends the case', () => {
    expect(dueCase(within(upTo('released')), at(700))).toMatchObject([{ type: 'expired' }]);
  });
});

describe('what somebody owes', () => {
  const ended = owingOnly(caseAfter(upTo('ended')), 'session-log');

  it('is reminded of once, when two thirds of the time have gone', () => {
    expect(nextCaseDeadline(ended)).toBe(at(1000 + 2400));
    expect(dueCase(ended, at(1000 + 2399))).toEqual([]);
    const { events, state } = tick(ended, at(1000 + 2400));
    expect(said(events)).toEqual(['reminded session-log/alice 0']);
    expect(dueCase(state, at(1000 + 3599))).toEqual([]);
    expect(nextCaseDeadline(state)).toBe(at(1000 + 3600));
  });

  it('climbs once, at its deadline, and then waits for ever', () => {
    const { state: reminded } = tick(ended, at(3400));
    const { events, state } = tick(reminded, at(4600));
    expect(said(events)).toEqual(['escalated session-log/alice 0']);
    expect(dueCase(state, at(1_000_000))).toEqual([]);
    expect(nextCaseDeadline(state)).toBeNull();
    expect(state.obligations.filter(isOwed)).toHaveLength(1);
  });

  it('when the clock was away, is escalated with its lateness and without the missed reminder', () => {
    const { events, state } = tick(ended, at(4600 + 7200));
    expect(said(events)).toEqual(['escalated session-log/alice 7200']);
    expect(dueCase(state, at(1_000_000))).toEqual([]);
  });

  it('when a reminder is late, says by how much', () => {
    expect(said(tick(ended, at(3400 + 90)).events)).toEqual(['reminded session-log/alice 90']);
  });

  it('once done, is neither reminded of nor escalated', () => {
    const done = evolveCase(ended, {
      ...{ type: 'written-up', at: at(1500), by: requested().by, document: 'session-log' },
      text: digestOf('log'),
    });
    expect(dueCase(done, at(1_000_000))).toEqual([]);
    expect(nextCaseDeadline(done)).toBeNull();
  });

  it('by several people, climbs for each', () => {
    const settling = owingOnly(caseAfter(upTo('settling')), 'attestation');
    const { events } = tick(settling, at(1010 + 3600));
    expect(said(events)).toEqual(
      ['password/erin', 'password/frank', 'password/gina', 'mfa/heidi', 'mfa/ivan', 'mfa/kim'].map(
        (each) => `escalated attestation/${each} 0`,
      ),
    );
  });

  it('as a share, is reminded of before the case expires', () => {
    const events = [requested(), approved('bob', at(30)), approved('carol', at(60))];
    const state = caseAfter([
      ...events,
      { type: 'authorised', at: at(60) },
      shareReleased('erin', 'password', at(70)),
    ]);
    const reminded = said(dueCase(state, at(60 + 400)));
    expect(reminded).toHaveLength(5);
    expect(reminded).not.toContain('reminded release/password/erin 0');
  });
});

describe('the old credential', () => {
  const settling = owingOnly(caseAfter(upTo('settling')), 'refusals');

  it('when the requester never tried it, is only replaced, which is no escalation', () => {
    const { state: reminded } = tick(settling, at(1010 + 600));
    const { events, state } = tick(reminded, at(1010 + 900));
    expect(events).toMatchObject([{ type: 'old-credential', by: null, proof: 'replaced' }]);
    expect(state.oldCredential).toBe('replaced');
    expect(state.obligations.filter(isOwed)).toEqual([]);
    expect(nextCaseDeadline(state)).toBeNull();
  });

  it('when tried and refused, stays refused', () => {
    const refused: CaseEvent = {
      ...{ type: 'old-credential', at: at(1100), by: requested().by, proof: 'refused', why: '' },
    };
    expect(dueCase(evolveCase(settling, refused), at(1_000_000))).toEqual([]);
  });
});
