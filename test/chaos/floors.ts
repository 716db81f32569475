/** How much checkers must have gone through, by the size of the run: one that looked at next to nothing finds nothing. */
import { checkerNames, type CheckerName, type Looked } from './checkers/index.ts';
import type { Sizes } from './evidence.ts';

/** What a checker looked at; and what a search is worth little without. */
export type Thing = CheckerName | 'secrets' | 'said' | 'taken';

/** Of each thing, how many a case must have had on average. About half of what was seen. */
export const floors = {
  memory: {
    '1 no secret in the clear': 400,
    // Only every tenth seed seals for real.
    '2 always a way in': 0.4,
    '3 every login rings, once recorded': 2,
    '3 an undeclared login rings again': 0.3,
    '4 nothing owed is lost': 0.8,
    '4 every message reaches its channels': 6,
    '5 nobody alone, nothing forged': 12,
    '6 the chain holds, rows once': 40,
    '6 no effect without its row': 1.5,
    ...{ secrets: 1.5, said: 10, taken: 8 },
  },
  // A third of the ways end before anything is released, and one in fifteen has a stranger.
  skipping: {
    '1 no secret in the clear': 50,
    '2 always a way in': 0.2,
    '3 every login rings, once recorded': 1.2,
    '3 an undeclared login rings again': 0.03,
    '4 nothing owed is lost': 0.4,
    '4 every message reaches its channels': 4,
    '5 nobody alone, nothing forged': 6,
    '6 the chain holds, rows once': 25,
    '6 no effect without its row': 1.5,
    ...{ secrets: 0.5, said: 2, taken: 5 },
  },
  // Two security channels. Every log of a process is one thing said, and there are three at least.
  servers: {
    '1 no secret in the clear': 400,
    '2 always a way in': 0.7,
    '3 every login rings, once recorded': 4,
    '3 an undeclared login rings again': 0.05,
    '4 nothing owed is lost': 0.7,
    '4 every message reaches its channels': 6,
    '5 nobody alone, nothing forged': 12,
    '6 the chain holds, rows once': 40,
    '6 no effect without its row': 1,
    ...{ secrets: 1.5, said: 0.15, taken: 8 },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<Thing, number>>>>;

export interface Reached {
  readonly thing: Thing;
  readonly had: number;
  readonly least: number;
}

/** What was had of each thing, and what a run with so many cases must have had at least. */
export const reachedIn = (
  kind: keyof typeof floors,
  run: { readonly cases: number; readonly sizes: Sizes; readonly looked: Looked },
): Reached[] => {
  const { secrets, said, taken } = run.sizes;
  const hadOf: Readonly<Record<Thing, number>> = { ...run.looked, secrets, said, taken };
  return ([...checkerNames, 'secrets', 'said', 'taken'] as const).map((thing) => ({
    ...{ thing, had: hadOf[thing] },
    least: Math.max(1, Math.ceil(floors[kind][thing] * run.cases)),
  }));
};

/** Only what fell short. */
export const shortIn = (...run: Parameters<typeof reachedIn>): Reached[] =>
  reachedIn(...run).filter(({ had, least }) => had < least);
