/** Whether a run was large enough for its size: what checkers looked at, and how many calls failed. */
import { describe, expect, it } from 'vitest';
import { tellCalls, tellHad, tellJudged } from '../../bench/topics/survival/judged.ts';
import { account, config, configDigest } from '../support/rules.ts';
import { checkerNames, judgedBy, nothingLooked, type Looked } from './checkers/index.ts';
import { noSizes, sizesOf, type Evidence } from './evidence.ts';
import { reachedIn, shortIn, type Thing } from './floors.ts';
import { faultKinds as brokenKinds, planOf } from './real/plan.ts';
import { createTallies, type FaultKind } from './tally.ts';

const nothing: Evidence = {
  ...{ account, rows: [], messages: [], taken: [], logins: [], waysIn: [], secrets: [], said: [] },
  ...{ configs: new Map(), config, current: configDigest, copies: new Map(), isSettled: true },
};
describe('what checkers go through', () => {
  const cases = 10;
  const enough = reachedIn('memory', { cases, sizes: noSizes, looked: nothingLooked });
  const leastOf = (thing: Thing): number => enough.find((each) => each.thing === thing)?.least ?? 0;
  const sizes = {
    ...{ ...noSizes, secrets: leastOf('secrets'), said: leastOf('said'), taken: leastOf('taken') },
  };
  const looked = Object.fromEntries(checkerNames.map((name) => [name, leastOf(name)])) as Looked;
  const short = (run: Partial<Parameters<typeof shortIn>[1]>): Thing[] =>
    shortIn('memory', { cases, sizes, looked, ...run }).map(({ thing }) => thing);

  it('is enough for a run of its size, and short for one of twice as many cases', () => {
    expect(short({})).toEqual([]);
    expect(short({ cases: 2 * cases })).toHaveLength(checkerNames.length + 3);
  });

  it.each(checkerNames)('is short when next to nothing was looked at: %s', (name) => {
    expect(short({ looked: { ...looked, [name]: 1 } })).toEqual([name]);
  });

  it('is short when there was next to nothing to search for, or in', () => {
    expect(short({ sizes: { ...sizes, secrets: 1 } })).toEqual(['secrets']);
    expect(short({ sizes: { ...sizes, said: 1 } })).toEqual(['said']);
    expect(short({ sizes: { ...sizes, taken: 1 } })).toEqual(['taken']);
  });

  it('is told line by line, with what fell short', () => {
    const told: string[] = [];
    tellJudged(
      ({ figure, ok }) => {
        if (!ok) told.push(figure.trim());
      },
      'memory',
      {
        ...{ cases, sizes, looked: { ...looked, '4 nothing owed is lost': 0 } },
      },
    );
    expect(told).toEqual(['cases that owed something']);
  });

  it('is nothing in an empty run, whichever checker', () => {
    expect(judgedBy(nothing).looked).toEqual(nothingLooked);
  });

  it('is counted list by list', () => {
    const secrets = ['one', 'two'];
    const copies = new Map([['case', null]]);
    expect(sizesOf({ ...nothing, secrets, copies })).toEqual({ ...noSizes, secrets: 2, copies: 1 });
  });
});

describe('how often calls failed', () => {
  const tellAt = (failed: readonly (FaultKind | null)[]): string[] => {
    const { tallies, count } = createTallies();
    for (let n = 0; n < 100; n += 1)
      for (const kind of failed) count('kratos', ['before', 'during', 'after'], kind);
    const short: string[] = [];
    tellCalls(
      ({ figure, ok }) => {
        if (!ok) short.push(figure.trim().split(' ')[0] ?? '');
      },
      tallies,
      0.05,
    );
    return short;
  };
  const well = Array.from({ length: 57 }, () => null);

  it('is right when one in twenty did, as often in each way', () => {
    expect(tellAt([...well, 'before', 'during', 'after'])).toEqual([]);
  });

  it('falls short when none did, too few, too many, or none in one way', () => {
    expect(tellAt(well)).toEqual(['failed', 'before', 'during', 'after']);
    expect(tellAt([...well, ...well, ...well, 'before', 'during', 'after'])).toContain('failed');
    expect(tellAt(['before', 'during', 'after', null])).toContain('failed');
    expect(tellAt([...well, 'before', 'before', 'after'])).toEqual(['before', 'during']);
  });
});

describe('the faults of a plan', () => {
  const plan = planOf(1, 2 * brokenKinds.length);
  const shortOf = (planned: typeof plan, had: typeof plan): string[] => {
    const short: string[] = [];
    const hadOf = had.map((fault) => ({ fault }));
    tellHad(
      ({ figure, ok }) => {
        if (!ok) short.push(figure.trim());
      },
      planned,
      hadOf,
    );
    return short;
  };

  it('are all to be had, each kind of them', () => {
    expect(shortOf(plan, plan)).toEqual([]);
    expect(shortOf(plan, plan.slice(1))).toEqual(['faults had', plan[0]?.kind]);
    expect(shortOf([], [])).toEqual([...brokenKinds]);
  });
});
