/** Many seeds, one after the other, on time-skipping servers; each is judged, and none can hold up the others. */
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { casesOfASeed, faultRate } from '../campaign.ts';
import { judgedBy, nothingLooked, sumOfLooked, type Looked } from '../checkers/index.ts';
import { noSizes, sizesOf, sumOfSizes, type Sizes } from '../evidence.ts';
import type { ChaosOrg } from '../org.ts';
import { sumOfTallies, type Tallies } from '../tally.ts';
import { account } from '../world.ts';
import { playSkipping, type PlayedSkipping, type SkippingRun } from './play.ts';
import { startSkippingServer, type Kept, type SkippingServer } from './server.ts';
import { strayedIn } from './strayed.ts';
import { wayOf, type WayName } from './ways.ts';

/** Seconds of the wall that a case may take, on a machine that does much else. */
const longestCase = 60;
/** Seeds that one server sees: it keeps every workflow it ever had. */
const seedsOfAServer = 12;
/** In seconds: so that no two seeds of a server have a case of one id. */
const untilTheNextDay = 24 * 3600;
/** In seconds. What is left of a server that does not end in time ends with this process. */
const toStop = 15;
const toReplay = 120;

/** @returns null when it took longer; it is left to itself then */
const within = async <T>(seconds: number, work: Promise<T>): Promise<T | null> => {
  const timer = new AbortController();
  try {
    return await Promise.race([work, sleep(seconds * 1000, null, { signal: timer.signal })]);
  } finally {
    timer.abort();
  }
};

const asText = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What became of one seed; `played` is null when it did not come to its end. */
export interface Outcome {
  readonly played: PlayedSkipping | null;
  readonly violations: readonly string[];
  readonly looked: Looked;
}

interface Serving {
  readonly server: SkippingServer;
  readonly kept: Map<string, Kept>;
  seeds: number;
}

const judged = (played: PlayedSkipping, others: readonly string[]): Outcome => {
  const { violations, looked } = judgedBy(played.evidence);
  return { played, violations: [...others, ...violations], looked };
};

/** A server for one seed after another; a new one when the last was held up, or has seen enough. */
export const createSkippingBench = (org: ChaosOrg) => {
  let current: Serving | null = null;
  let servers = 0;
  let replayed = 0;

  const stop = async (): Promise<void> => {
    const old = current;
    current = null;
    if (old !== null)
      await within(
        toStop,
        old.server.stop().catch(() => undefined),
      );
  };
  /**
   * Ends the server, once what its seeds left was replayed.
   *
   * @param alter - puts something wrong into the histories
   * @returns what could not be replayed
   */
  const finish = async (alter: (kept: Kept[]) => Kept[] = (kept) => kept): Promise<string[]> => {
    if (current === null) return [];
    const { server, kept } = current;
    const refused = await within(toReplay, server.notReplayable(alter([...kept.values()])));
    replayed += kept.size;
    await stop();
    return refused ?? [`replaying ${kept.size} histories took longer than ${toReplay} s`];
  };
  const reach = async (): Promise<Serving> => {
    if (current !== null) return current;
    servers += 1;
    current = { server: await startSkippingServer(), kept: new Map(), seeds: 0 };
    return current;
  };
  const playOn = async ({ server, kept }: Serving, run: SkippingRun, signal: AbortSignal) => {
    const played = await playSkipping(server, org, run, signal);
    if (!played.evidence.isSettled) return played;
    for (const each of await server.keep(played.workflows)) kept.set(each.workflowId, each);
    await server.terminate(`account/${account}`);
    await server.pass(untilTheNextDay);
    return played;
  };

  return {
    servers: (): number => servers,
    replayed: (): number => replayed,
    /** Whether the next seed begins on a server that has seen enough. */
    isWorn: (): boolean => current !== null && current.seeds >= seedsOfAServer,
    ...{ finish, stop },
    /** @param longest - seconds of the wall after which it is given up */
    async play(run: SkippingRun, longest = longestCase * run.cases): Promise<Outcome> {
      const serving = await reach();
      serving.seeds += 1;
      const giveUp = new AbortController();
      // Each call to the server listens, and there are hundreds.
      setMaxListeners(0, giveUp.signal);
      const playing = serving.server.until(giveUp.signal, () => playOn(serving, run, giveUp.signal));
      // Given up, it ends with an error at its next step, of which nobody wants to know.
      playing.catch(() => undefined);
      let why = '';
      const played = await within(longest, playing).catch((error: unknown) => {
        why = `broke off: ${asText(error)}`;
        return null;
      });
      if (played?.evidence.isSettled === true) return judged(played, strayedIn(run, played.evidence));
      const told = await serving.server.tell();
      giveUp.abort(new Error('given up'));
      // A call that is on its way when its connection closes would end the process.
      await within(
        toStop,
        playing.catch(() => undefined),
      );
      why ||= played === null ? `stuck for ${longest} s` : 'did not come to rest';
      const when = serving.server.now().toISOString();
      await stop();
      const stuck = `${why}, ${when} on its clock: ${told.join('; ')}`;
      return played === null
        ? { played, violations: [stuck], looked: nothingLooked }
        : judged(played, [stuck]);
    },
  };
};
export type SkippingBench = ReturnType<typeof createSkippingBench>;

export interface SkippingCampaign {
  readonly seeds: number;
  readonly cases: number;
  /** How much there was to judge. */
  readonly sizes: Sizes;
  readonly looked: Looked;
  /** Days that went by on the servers' clocks. */
  readonly days: number;
  readonly servers: number;
  /** Histories that were replayed on the code that made them. */
  readonly replayed: number;
  readonly calls: Tallies;
  /** How many cases went each way. */
  readonly ways: ReadonlyMap<WayName, number>;
  /** By seed; under those of the last one also what could not be replayed of a server's seeds. */
  readonly violations: ReadonlyMap<number, readonly string[]>;
}

const runOf = (seed: number, cases = casesOfASeed): SkippingRun => ({
  ...{ seed, cases, rate: faultRate, rotatesForReal: seed % 10 === 0 },
});

/** Plays seeds from `from` on, until `cases` cases were asked for. */
export const playManySkipping = async (
  org: ChaosOrg,
  { from, cases }: { readonly from: number; readonly cases: number },
  say: (line: string) => void,
): Promise<SkippingCampaign> => {
  const bench = createSkippingBench(org);
  const violations = new Map<number, readonly string[]>();
  const ways = new Map<WayName, number>();
  let calls: Tallies = new Map();
  const sum = { seeds: 0, cases: 0, sizes: noSizes, looked: nothingLooked, days: 0 };
  const add = (seed: number, found: readonly string[]): void => {
    if (found.length === 0) return;
    violations.set(seed, [...(violations.get(seed) ?? []), ...found]);
    for (const what of found) say(`seed ${seed}: ${what}`);
  };
  try {
    for (let seed = from; sum.seeds * casesOfASeed < cases; seed += 1) {
      const run = runOf(seed);
      const { played, violations: found, looked } = await bench.play(run);
      add(seed, found);
      sum.seeds += 1;
      if (played !== null) {
        calls = sumOfTallies(calls, played.calls);
        sum.looked = sumOfLooked(sum.looked, looked);
        for (let nth = 0; nth < played.cases; nth += 1) {
          const way = wayOf(run, nth);
          ways.set(way, (ways.get(way) ?? 0) + 1);
        }
        sum.cases += played.cases;
        sum.sizes = sumOfSizes(sum.sizes, sizesOf(played.evidence));
        sum.days += played.lasted / 86_400;
      }
      if (bench.isWorn()) add(seed, await bench.finish());
      if (sum.seeds % 10 === 0) say(`${sum.cases} cases, ${violations.size} seeds with violations`);
    }
    add(from + sum.seeds - 1, await bench.finish());
  } finally {
    await bench.stop();
  }
  return { ...sum, calls, ways, violations, servers: bench.servers(), replayed: bench.replayed() };
};
