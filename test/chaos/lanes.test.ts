import { describe, expect, it } from 'vitest';
import { nothingPlayed, together, type Campaign } from './campaign.ts';
import { nothingLooked } from './checkers/index.ts';
import { noSizes } from './evidence.ts';
import { answerOf } from './lanes.ts';
import { createTallies, type FaultKind, type Tallies } from './tally.ts';

const callsOf = (...calls: readonly (readonly [string, FaultKind | null])[]): Tallies => {
  const { tallies, count } = createTallies();
  for (const [adapter, failed] of calls) count(adapter, ['before', 'during', 'after'], failed);
  return tallies;
};

const played: Campaign = { ...nothingPlayed, seeds: 2, cases: 4, sizes: { ...noSizes, rows: 70, taken: 9 } };

describe('what two lanes played', () => {
  it('comes to the sum of both, and to the violations of each', () => {
    const one = { ...played, violations: new Map([[1, ['a login rang for nobody']]]) };
    const other = { ...played, violations: new Map([[21, ['a row is edited', 'a message is lost']]]) };
    const both = together(
      { ...one, calls: callsOf(['kratos', 'before'], ['kratos', null]) },
      { ...other, calls: callsOf(['kratos', 'before'], ['channel', 'after']) },
    );
    expect(both).toEqual({
      ...{ seeds: 4, cases: 8, sizes: { ...noSizes, rows: 140, taken: 18 } },
      looked: nothingLooked,
      calls: callsOf(['kratos', 'before'], ['kratos', null], ['kratos', 'before'], ['channel', 'after']),
      violations: new Map([...one.violations, ...other.violations]),
    });
  });
});

describe('what a lane answers', () => {
  const share = { from: 41, seeds: 2 };

  it('is what it played', () => {
    expect(answerOf(played, share)).toEqual(played);
  });

  it('is an error when it played no case, which would be asked for again for ever', () => {
    expect(() => answerOf({ ...played, cases: 0 }, share)).toThrow('no case of the 2 seeds from 41 on');
  });

  it('is an error when something is missing in it', () => {
    expect(() => answerOf({ ...played, sizes: {} }, share)).toThrow();
  });
});
