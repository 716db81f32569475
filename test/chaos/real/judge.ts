/** What was wrong with a run on real servers. */
import { checkers } from '../checkers/index.ts';
import { asText } from './plan.ts';
import { asWords, mostRecovery } from './recovery.ts';
import type { PlayedReal } from './run.ts';

/** What was wrong, by who judges it. */
export type Verdicts = ReadonlyMap<string, readonly string[]>;

export const recoveryJudge = 'each fault is got over in time';
export const restJudge = 'it comes to rest';
export const deathsJudge = 'no process ends by itself';
export const flakyJudge = 'calls failed at random';

/** What of a run is judged. */
export type Judged = Pick<PlayedReal, 'evidence' | 'waits' | 'had' | 'dead'>;

/** @param failed - how often each server's calls failed: a run in which none did has tried too little */
export const judge = (
  { evidence, waits, had, dead }: Judged,
  failed: ReadonlyMap<string, number>,
): Verdicts =>
  new Map<string, readonly string[]>([
    ...Object.entries(checkers).map(([name, check]) => [name, check(evidence)] as const),
    [
      recoveryJudge,
      had
        .filter(
          ({ outage, recovery }) =>
            recovery === 'never' || (typeof recovery === 'number' && recovery > mostRecovery(outage)),
        )
        .map(({ fault, recovery }) => `${asText(fault)}: ${asWords(recovery)}`),
    ],
    [deathsJudge, dead],
    [restJudge, waits],
    [flakyJudge, failed.size === 0 ? ['no call ever failed'] : []],
  ]);
