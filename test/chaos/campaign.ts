/** Many seeds, each judged by every checker; and the violations planted for the checkers. */
import {
  checkers,
  judgedBy,
  nothingLooked,
  sumOfLooked,
  type CheckerName,
  type Looked,
  checkerNames,
} from './checkers/index.ts';
import { isAlteration, isSabotage, planted, type Planted } from './checkers/planted.ts';
import { noSizes, sizesOf, sumOfSizes, type Evidence, type Sizes } from './evidence.ts';
import type { ChaosOrg } from './org.ts';
import { playSeed } from './play.ts';
import { sumOfTallies, type Tallies } from './tally.ts';
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
  readonly looked: Looked;
  readonly calls: Tallies;
  /** By seed, so that one can be played again by its number. */
  readonly violations: ReadonlyMap<number, readonly string[]>;
}

/** A campaign that has yet to play. */
export const nothingPlayed: Campaign = {
  ...{ seeds: 0, cases: 0, sizes: noSizes, looked: nothingLooked, calls: new Map(), violations: new Map() },
};

/** What two campaigns of different seeds come to. */
export const together = (one: Campaign, other: Campaign): Campaign => ({
  seeds: one.seeds + other.seeds,
  cases: one.cases + other.cases,
  sizes: sumOfSizes(one.sizes, other.sizes),
  looked: sumOfLooked(one.looked, other.looked),
  calls: sumOfTallies(one.calls, other.calls),
  violations: new Map([...one.violations, ...other.violations]),
});

/** Plays `seeds` seeds from `from` on, one after the other. */
export const playSeeds = async (
  org: ChaosOrg,
  { from, seeds }: { readonly from: number; readonly seeds: number },
): Promise<Campaign> => {
  let all = nothingPlayed;
  for (let seed = from; seed < from + seeds; seed += 1) {
    const { evidence, cases, calls } = await playSeed(org, { seed, cases: casesOfASeed, rate: faultRate });
    const { violations, looked } = judgedBy(evidence);
    all = together(all, {
      ...{ seeds: 1, cases, sizes: sizesOf(evidence), looked, calls },
      violations: new Map(violations.length > 0 ? [[seed, violations]] : []),
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

/** Plays a seed without faults, broken on purpose or not. */
export type PlayPlanted = (run: {
  readonly seed: number;
  readonly rotatesForReal: boolean;
  readonly sabotage?: Sabotage;
}) => Promise<Evidence>;

/** What a checker says of evidence in which something was altered, and did not say of it before. */
const saidOnly = (checker: CheckerName, altered: Evidence, clean?: Evidence): string | null => {
  const before = new Set(clean === undefined ? [] : checkers[checker](clean).wrong);
  return checkers[checker](altered).wrong.find((each) => !before.has(each)) ?? null;
};

/** Each alteration of what a run left, with what its checker says of it: what it must find in such a run too. */
export const tryAltered = (evidence: Evidence): Caught[] =>
  checkerNames.flatMap((checker) =>
    planted[checker]
      .filter(isAlteration)
      .map(({ what, alter }) => ({ checker, what, said: saidOnly(checker, alter(evidence), evidence) })),
  );

const tryOne = async (
  play: PlayPlanted,
  seeds: readonly number[],
  checker: CheckerName,
  it: Planted,
): Promise<Caught> => {
  for (const seed of seeds) {
    const run = { seed, rotatesForReal: checker.startsWith('2') };
    const evidence = await play(isSabotage(it) ? { ...run, sabotage: it.what } : run);
    const said = isSabotage(it)
      ? saidOnly(checker, evidence)
      : saidOnly(checker, it.alter(evidence), evidence);
    if (said !== null) return { checker, what: it.what, said };
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
  among: readonly CheckerName[] = checkerNames,
): Promise<Caught[]> => {
  const clean = new Map<string, Promise<Evidence>>();
  const playOnce: PlayPlanted = (run) => {
    if (run.sabotage !== undefined) return play(run);
    const name = `${run.seed} ${run.rotatesForReal}`;
    const played = clean.get(name) ?? play(run);
    clean.set(name, played);
    return played;
  };
  const caught: Caught[] = [];
  for (const checker of among)
    for (const it of planted[checker]) caught.push(await tryOne(playOnce, seeds, checker, it));
  return caught;
};

/** The same in memory. */
export const tryPlanted = (org: ChaosOrg): Promise<Caught[]> =>
  tryEach(
    async (run) => (await playSeed(org, { ...run, cases: casesOfASeed, rate: 0 })).evidence,
    [7, 8, 9, 10, 11, 12],
  );
