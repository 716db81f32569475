/** Thousands of cases in memory, shared among as many processes as the machine has processors. */
import { fork, type ChildProcess } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { casesOfASeed, nothingPlayed, together, type Campaign } from './campaign.ts';
import { checkerNames } from './checkers/index.ts';
import { sizeNames } from './evidence.ts';
import { faultKinds } from './tally.ts';

const count = z.int().nonnegative();
const byKind = z.record(z.enum(faultKinds), count);
/** What a lane tells of the seeds it was given. */
const played = z.object({
  ...{ seeds: count, cases: count, sizes: z.record(z.enum(sizeNames), count) },
  looked: z.record(z.enum(checkerNames), count),
  calls: z.map(z.string(), z.object({ calls: count, sixths: byKind, failed: byKind })),
  violations: z.map(count, z.array(z.string())),
});

/** Seeds that a lane is given at a time: few enough that all end at about the same time. */
const seedsAtATime = 20;
/** How often something is said of a long campaign. */
const casesBetweenLines = 500;

const startLane = (): ChildProcess =>
  fork(fileURLToPath(new URL('lane.ts', import.meta.url)), [], {
    ...{ execArgv: ['--import', 'tsx'], serialization: 'advanced' },
  });

interface Share {
  readonly from: number;
  readonly seeds: number;
}

/**
 * What a lane answered.
 *
 * @throws Error when it played no case: it would be given seeds for ever
 */
export const answerOf = (message: unknown, { from, seeds }: Share): Campaign => {
  const answer = played.parse(message);
  if (answer.cases === 0) throw new Error(`a lane played no case of the ${seeds} seeds from ${from} on`);
  return answer;
};

/** @throws Error when the lane ends instead of answering; it has said on stderr why */
const askLane = async (lane: ChildProcess, share: Share): Promise<Campaign> => {
  const message = await new Promise<unknown>((resolve, reject) => {
    const whenEnded = (code: number | null): void => {
      reject(new Error(`a lane ended with ${code ?? 'a signal'} at the seeds from ${share.from} on`));
    };
    lane.once('exit', whenEnded);
    lane.once('message', (answer) => {
      lane.off('exit', whenEnded);
      resolve(answer);
    });
    lane.send(share);
  });
  return answerOf(message, share);
};

/** Plays seeds from `from` on, until `cases` cases were asked for. */
export const playMany = async (
  { from, cases }: { readonly from: number; readonly cases: number },
  say: (line: string) => void,
): Promise<Campaign> => {
  let all = nothingPlayed;
  let next = from;
  /** Those that are asked for, played or not: what the last lanes have in hand need not be asked for again. */
  let asked = 0;
  const run = async (lane: ChildProcess): Promise<void> => {
    while (asked < cases) {
      const seeds = Math.min(seedsAtATime, Math.ceil((cases - asked) / casesOfASeed));
      const share = { from: next, seeds };
      next += seeds;
      asked += seeds * casesOfASeed;
      const had = await askLane(lane, share);
      // A seed may have ended before all its cases were asked for.
      asked -= seeds * casesOfASeed - had.cases;
      const before = all.cases;
      all = together(all, had);
      if (Math.floor(all.cases / casesBetweenLines) > Math.floor(before / casesBetweenLines))
        say(`${all.cases} cases, ${all.violations.size} seeds with violations`);
    }
  };
  const lanes = Array.from({ length: availableParallelism() }, startLane);
  try {
    await Promise.all(lanes.map(run));
  } finally {
    for (const lane of lanes) if (lane.connected) lane.disconnect();
  }
  return all;
};
