/** Many seeds, each judged by every checker; and the violations planted for the checkers. */
import { checkers, violationsIn, type CheckerName } from './checkers/index.ts';
import { isSabotage, planted, type Planted } from './checkers/planted.ts';
import { noSizes, sizesOf, sumOfSizes, type Evidence, type Sizes } from './evidence.ts';
import type { ChaosOrg } from './org.ts';
import { playSeed } from './play.ts';
import type { Sabotage } from './world.ts';

/** Cases that a seed asks for. */
export const casesOfASeed = 2;
/** How many of the adapters' calls fail. */
export const faultRate = 0.05;

export interface Campaign {
  readonly seeds: number;
  readonly cases: number;
  /** How much there was to judge. Looks at the way in come with rotations that were sealed and set for real. */
  readonly sizes: Sizes;
  readonly faults: ReadonlyMap<string, number>;
  /** By seed, so that one can be played again by its number. */
  readonly violations: ReadonlyMap<number, readonly string[]>;
}

/** A campaign that has yet to play. */
export const nothingPlayed: Campaign = {
  ...{ seeds: 0, cases: 0, sizes: noSizes, faults: new Map(), violations: new Map() },
};

/** What two campaigns of different seeds come to. */
export const together = (one: Campaign, other: Campaign): Campaign => {
  const faults = new Map(one.faults);
  for (const [kind, times] of other.faults) faults.set(kind, (faults.get(kind) ?? 0) + times);
  return {
    seeds: one.seeds + other.seeds,
    cases: one.cases + other.cases,
    sizes: sumOfSizes(one.sizes, other.sizes),
    violations: new Map([...one.violations, ...other.violations]),
    faults,
  };
};

/** Plays `seeds` seeds from `from` on, one after the other. */
export const playSeeds = async (
  org: ChaosOrg,
  { from, seeds }: { readonly from: number; readonly seeds: number },
): Promise<Campaign> => {
  let all = nothingPlayed;
  for (let seed = from; seed < from + seeds; seed += 1) {
    const { evidence, cases, faults } = await playSeed(org, { seed, cases: casesOfASeed, rate: faultRate });
    const found = violationsIn(evidence);
    all = together(all, {
      ...{ seeds: 1, cases, sizes: sizesOf(evidence), faults },
      violations: new Map(found.length > 0 ? [[seed, found]] : []),
    });
  }
  return all;
};

/** What a checker says of a run in which something was broken on purpose. */
export interface Caught {
  readonly checker: string;
  readonly what: string;
  /** What it said; null when it found nothing, or something without the plant too. */
  readonly said: string | null;
}

const names = Object.keys(checkers) as CheckerName[];

/** Plays a seed without faults, broken on purpose or not. */
export type PlayPlanted = (run: {
  readonly seed: number;
  readonly rotatesForReal: boolean;
  readonly sabotage?: Sabotage;
}) => Promise<Evidence>;

const tryOne = async (
  play: PlayPlanted,
  seeds: readonly number[],
  checker: CheckerName,
  it: Planted,
): Promise<Caught> => {
  const check = checkers[checker];
  for (const seed of seeds) {
    const run = { seed, rotatesForReal: checker.startsWith('2') };
    const evidence = await play(isSabotage(it) ? { ...run, sabotage: it.what } : run);
    const wasClean = isSabotage(it) || check(evidence).length === 0;
    const [said] = check(isSabotage(it) ? evidence : it.alter(evidence));
    if (wasClean && said !== undefined) return { checker, what: it.what, said };
  }
  return { checker, what: it.what, said: null };
};

/**
 * Each planted violation of some checkers, with what its checker says of it.
 *
 * @param seeds - tried in turn: not every run has what is to be broken, an undeclared login for example
 */
export const tryEach = async (
  play: PlayPlanted,
  seeds: readonly number[],
  among: readonly CheckerName[] = names,
): Promise<Caught[]> => {
  const caught: Caught[] = [];
  for (const checker of among)
    for (const it of planted[checker]) caught.push(await tryOne(play, seeds, checker, it));
  return caught;
};

/** The same in memory. */
export const tryPlanted = (org: ChaosOrg): Promise<Caught[]> =>
  tryEach(
    async (run) => (await playSeed(org, { ...run, cases: casesOfASeed, rate: 0 })).evidence,
    [7, 8, 9, 10, 11, 12],
  );
