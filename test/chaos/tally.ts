/** How many of an adapter's calls failed, and how. */

/** Where a call is broken off: before its effect, while it is under way, once its effect is had and the answer lost. */
export const faultKinds = ['before', 'during', 'after'] as const;
export type FaultKind = (typeof faultKinds)[number];
type ByKind = Readonly<Record<FaultKind, number>>;

export interface Tally {
  readonly calls: number;
  /** The calls shared out among the kinds by which they could have failed, in sixths of a call: whole numbers. */
  readonly sixths: ByKind;
  readonly failed: ByKind;
}
/** By adapter or server. */
export type Tallies = ReadonlyMap<string, Tally>;

const byKind = (of: (kind: FaultKind) => number): ByKind => ({
  ...{ before: of('before'), during: of('during'), after: of('after') },
});
const none: Tally = { calls: 0, sixths: byKind(() => 0), failed: byKind(() => 0) };
const plus = (one: Tally, other: Tally): Tally => ({
  calls: one.calls + other.calls,
  sixths: byKind((kind) => one.sixths[kind] + other.sixths[kind]),
  failed: byKind((kind) => one.failed[kind] + other.failed[kind]),
});

/** Counts calls into tallies of its own. */
export const createTallies = () => {
  const tallies = new Map<string, Tally>();
  return {
    tallies,
    /** @param among - how the call could fail @param failed - how it did; null when it did not */
    count: (name: string, among: readonly FaultKind[], failed: FaultKind | null): void => {
      const sixths = byKind((kind) => (among.includes(kind) ? 6 / among.length : 0));
      const one = { calls: 1, sixths, failed: byKind((kind) => (kind === failed ? 1 : 0)) };
      tallies.set(name, plus(tallies.get(name) ?? none, one));
    },
  };
};

export const sumOfTallies = (one: Tallies, other: Tallies): Tallies => {
  const sum = new Map(one);
  for (const [name, tally] of other) sum.set(name, plus(sum.get(name) ?? none, tally));
  return sum;
};
/** Those of all adapters as one. */
export const totalOf = (tallies: Tallies): Tally => [...tallies.values()].reduce(plus, none);
export const failuresOf = ({ failed }: Tally): number => failed.before + failed.during + failed.after;

/** Of the calls that could fail in this way, the share that did; of any way when none is given. 0 where there were none. */
export const shareOf = (tally: Tally, kind?: FaultKind): number => {
  const [failed, could] =
    kind === undefined ? [failuresOf(tally), tally.calls] : [tally.failed[kind], tally.sixths[kind] / 6];
  return could === 0 ? 0 : failed / could;
};

/** How far a share may be from the rate: farther than chance alone brings a large run. */
const usualLeeway = 0.4;
export const band = (
  rate: number,
  leeway = usualLeeway,
): { readonly least: number; readonly most: number } => ({
  ...{ least: rate * (1 - leeway), most: rate * (1 + leeway) },
});
export const isWithin = (share: number, rate: number, leeway = usualLeeway): boolean => {
  const { least, most } = band(rate, leeway);
  return share >= least && share <= most;
};
