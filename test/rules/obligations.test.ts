import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lateness, later } from '../../core/rules/decision.ts';
import { discharge, dueOf, earliest, mark, nextDue, owe } from '../../core/rules/obligations.ts';
import { at, person, t0 } from '../support/rules.ts';

const erin = person('erin');

describe('an obligation', () => {
  it('is named by its kind, its detail and its owner', () => {
    expect(owe('attestation', erin, t0, 60, 'mfa').id).toBe('attestation/mfa/erin');
    expect(owe('post-mortem', erin, t0, 60).id).toBe('post-mortem/erin');
  });

  it('however short its time, is not due at the instant from which it is owed', () => {
    const hasty = owe('refusals', erin, t0, 1);
    expect(dueOf([hasty], t0)).toEqual([]);
    expect(dueOf([hasty], at(1)).map((each) => each.type)).toEqual(['escalated']);
  });

  it('keeps the evidence that ended it first', () => {
    const once = discharge([owe('refusals', erin, t0, 60)], () => true, at(1), 'first');
    const twice = discharge(once, () => true, at(2), 'second');
    expect(twice[0]?.ended).toEqual({ at: at(1), evidence: 'first' });
  });

  it('whose escalation was marked needs no reminder', () => {
    const [marked] = mark([owe('refusals', erin, t0, 60)], 'refusals/erin', 'escalated', at(60));
    expect(marked).toMatchObject({ reminded: true, escalated: true });
    expect(nextDue(marked === undefined ? [] : [marked])).toBeNull();
  });

  it('of whatever length, is reminded of at most once, then escalated once, never at an instant that has passed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 90 * 86_400 }),
        fc.array(fc.integer({ min: 0, max: 40 * 86_400 }), { maxLength: 8 }),
        (seconds, waits) => {
          let owed = [owe('session-log', erin, t0, seconds)];
          let now = t0;
          const seen: string[] = [];
          for (const wait of [...waits, 90 * 86_400, 0]) {
            now = later(now, wait);
            for (const due of dueOf(owed, now)) {
              seen.push(due.type);
              owed = mark(owed, due.obligation, due.type, now);
            }
            const next = nextDue(owed);
            expect(next === null || next > now).toBe(true);
          }
          expect([['escalated'], ['reminded', 'escalated']]).toContainEqual(seen);
        },
      ),
    );
  });
});

describe('instants', () => {
  it('are compared as they are written: always with milliseconds, always UTC', () => {
    expect([later(t0, 0), later(t0, 0.5), later(t0, 60)]).toEqual([
      ...['2026-11-21T08:00:00.000Z', '2026-11-21T08:00:00.500Z', '2026-11-21T08:01:00.000Z'],
    ]);
    fc.assert(
      fc.property(fc.integer({ min: -1e9, max: 1e9 }), fc.integer({ min: -1e9, max: 1e9 }), (one, other) => {
        expect(at(one) < at(other)).toBe(one < other);
      }),
    );
  });

  it('give the earliest, or none', () => {
    expect(earliest([null, at(2), at(1), null])).toBe(at(1));
    expect(earliest([null])).toBeNull();
  });

  it('give whole seconds of lateness, none when in time', () => {
    expect([lateness(t0, at(-5)), lateness(t0, t0), lateness(t0, at(1.9))]).toEqual([0, 0, 1]);
  });
});
