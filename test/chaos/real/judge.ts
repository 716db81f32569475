/** What was wrong with a run on real servers. */
import { checkerNames, checkers } from '../checkers/index.ts';
import { failuresOf, isWithin, shareOf, totalOf, type Tallies } from '../tally.ts';
import { asText } from './plan.ts';
import { asWords, mostRecovery } from './recovery.ts';
import type { PlayedReal } from './run.ts';

/** What was wrong, by who judges it. */
export type Verdicts = ReadonlyMap<string, readonly string[]>;

export const recoveryJudge = 'each fault is got over in time';
export const restJudge = 'it comes to rest';
export const deathsJudge = 'no process ends by itself';
export const flakyJudge = 'calls failed as often as they were to';

/** A run of two cases has a thousand calls. */
const leeway = 0.6;

/** What of a run is judged. */
export type Judged = Pick<PlayedReal, 'evidence' | 'waits' | 'had' | 'dead'>;

/** @param rate - how many calls were to fail, from 0 to 1: a run in which fewer did has tried too little */
export const judge = ({ evidence, waits, had, dead }: Judged, calls: Tallies, rate: number): Verdicts => {
  const all = totalOf(calls);
  const share = shareOf(all);
  return new Map<string, readonly string[]>([
    ...checkerNames.map((name) => [name, checkers[name](evidence).wrong] as const),
    [
      recoveryJudge,
      had
        .filter(
          ({ outage, recovery }) =>
            recovery === 'never' || (typeof recovery === 'number' && recovery > mostRecovery(outage)),
        )
        .map(
          ({ fault, recovery, answered }) =>
            `${asText(fault)}: ${asWords(recovery)}; sent meanwhile and answered: ${answered.map((each) => each ?? 'not').join(' ') || 'nothing'}`,
        ),
    ],
    [deathsJudge, dead],
    [restJudge, waits],
    [flakyJudge, isWithin(share, rate, leeway) ? [] : [`${failuresOf(all)} of ${all.calls} calls failed`]],
  ]);
};
