/** What is broken on real servers, and when: the same seed makes the same plan. */
import { createRandom } from '../random.ts';

/** Each thing that is broken, and for how many seconds at most. */
const longest = {
  'worker killed': 4,
  'sentinel killed': 4,
  'api killed': 4,
  'temporal stopped': 5,
  'ledger stopped': 5,
  'kratos stopped': 5,
  'woken twice': 0,
} as const;
export type FaultKind = keyof typeof longest;
export const faultKinds = Object.keys(longest) as FaultKind[];

export interface Fault {
  readonly kind: FaultKind;
  /** Seconds of peace before it: since the run began, went on after the fault before, or asked for as many cases as are its share. */
  readonly after: number;
  /** Seconds until whatever was ended is started again. */
  readonly outage: number;
}

/** So many faults: every kind comes once before any comes again. */
export const planOf = (seed: number, count: number): Fault[] => {
  const random = createRandom(seed);
  let bag: FaultKind[] = [];
  return Array.from({ length: count }, () => {
    if (bag.length === 0) bag = random.shuffled(faultKinds);
    const kind = bag.pop() ?? 'woken twice';
    return { kind, after: 1 + random.int(6), outage: Math.ceil(random.next() * longest[kind]) };
  });
};

/** A fault as a line of the plan. */
export const asText = ({ kind, after, outage }: Fault): string =>
  `${after} s of peace, then ${kind}${outage === 0 ? '' : ` for ${outage} s`}`;
