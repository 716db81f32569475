/** Chance that can be had again: the same seed gives the same numbers. */
export interface Random {
  /** From 0 up to, not including, 1. */
  next(): number;
  /** A whole number from 0 up to, not including, `below`. */
  int(below: number): number;
  chance(probability: number): boolean;
  /** One of them; undefined of none. */
  pick<T>(from: readonly T[]): T | undefined;
  shuffled<T>(these: readonly T[]): T[];
  /** Numbers of its own, so that what draws here changes nothing elsewhere. */
  fork(): Random;
}

/** Bob Jenkins's and others' "splitmix32": small, and good enough to choose by. */
export const createRandom = (seed: number): Random => {
  let state = seed >>> 0;
  const draw = (): number => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  const next = (): number => draw() / 2 ** 32;
  const int = (below: number): number => Math.floor(next() * below);
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    pick: (from) => from[int(from.length)],
    shuffled: (these) =>
      these
        .map((each) => ({ each, place: next() }))
        .sort((one, other) => one.place - other.place)
        .map(({ each }) => each),
    fork: () => createRandom(draw()),
  };
};
