/** The judges of a run on real servers, each with something planted for it. */
import { describe, expect, it } from 'vitest';
import { account, config, configDigest } from '../../support/rules.ts';
import type { Evidence } from '../evidence.ts';
import { createTallies, type Tallies } from '../tally.ts';
import { openedBy, persevere } from './entering.ts';
import { deathsJudge, flakyJudge, judge, recoveryJudge, restJudge, type Judged } from './judge.ts';
import type { Recovery } from './recovery.ts';

const nothing: Evidence = {
  ...{ account, rows: [], messages: [], taken: [], logins: [], waysIn: [], secrets: [], said: [] },
  ...{ configs: new Map(), config, current: configDigest, copies: new Map(), isSettled: true },
};
const had = (recovery: Recovery, outage = 2) => [
  { fault: { kind: 'api killed', after: 1, outage: 1 } as const, outage, recovery, answered: [503, null] },
];
const good: Judged = { evidence: nothing, waits: [], dead: [], had: had(3) };
const callsWith = (failed: number): Tallies => {
  const { tallies, count } = createTallies();
  for (let n = 0; n < 100; n += 1) count('kratos', ['before', 'after'], n < failed ? 'after' : null);
  return tallies;
};

const wrongIn = (run: Partial<Judged>, failed = 5) =>
  Object.fromEntries(
    [...judge({ ...good, ...run }, callsWith(failed), 0.05)].filter(([, found]) => found.length > 0),
  );

describe('a run on real servers', () => {
  it('that went well has nothing wrong', () => {
    expect(wrongIn({})).toEqual({});
  });

  it.each<[string, Recovery, number]>([
    ['31 s after an outage of 2', 31, 2],
    ['41 s after an outage of 20', 41, 20],
    ['never', 'never', 2],
  ])('is wrong when something went on %s', (_, recovery, outage) => {
    const wrong = wrongIn({ had: had(recovery, outage) });
    expect(Object.keys(wrong)).toEqual([recoveryJudge]);
    expect(wrong[recoveryJudge]?.[0]).toMatch(/sent meanwhile and answered: 503 not$/);
  });

  it.each<[string, Recovery, number]>([
    ['30 s after an outage of 2', 30, 2],
    ['39 s after an outage of 20', 39, 20],
    ['nothing to go on with', 'nothing to go on with', 2],
  ])('is right with %s', (_, recovery, outage) => {
    expect(wrongIn({ had: had(recovery, outage) })).toEqual({});
  });

  it('is wrong when a process ended by itself', () => {
    expect(wrongIn({ dead: ['worker'] })).toEqual({ [deathsJudge]: ['worker'] });
  });

  it('is wrong when something is still waited for', () => {
    const waits = ['rotation/acme-eu/2026-11-21-01 runs'];
    expect(wrongIn({ waits })).toEqual({ [restJudge]: waits });
  });

  it.each([0, 1, 9])('is wrong when %i of 100 calls failed, and 5 were to', (failed) => {
    expect(Object.keys(wrongIn({}, failed))).toEqual([flakyJudge]);
  });
});

describe('a login of a requester', () => {
  const tryingAs = (...worked: boolean[]) => {
    let tries = 0;
    return { once: () => Promise.resolve(worked[tries++] ?? false), tried: () => tries };
  };
  const open = (isOpen: boolean) => () => Promise.resolve(isOpen);

  it('has its second factor tried until it works, three times at most', async () => {
    const [late, never] = [tryingAs(false, true), tryingAs()];
    expect([await persevere(late.once, 0), late.tried()]).toEqual([true, 2]);
    expect([await persevere(never.once, 0), never.tried()]).toEqual([false, 3]);
  });

  it('is no way in when a factor is refused while the case is open, and tells nothing once it is over', async () => {
    for (const refused of [null, { isIn: false }]) {
      expect(await openedBy(refused, open(true))).toBe(false);
      expect(await openedBy(refused, open(false))).toBe(null);
    }
    expect(await openedBy({ isIn: true }, open(false))).toBe(true);
  });
});
