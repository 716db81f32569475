/** One measured fact of a topic. */
export interface Figure {
  readonly topic: string;
  readonly figure: string;
  readonly value: number | string;
  readonly unit: string;
  /** The same work done barely, in the same run; null where there is no such thing. */
  readonly bare: number | null;
  /** What the value must reach, in words; null when it is only told. */
  readonly floor: string | null;
  readonly ok: boolean;
}

/** What a topic is given: a way to report, and a way to say what it is doing. */
export interface Proof {
  readonly report: (figure: Omit<Figure, 'topic'>) => void;
  readonly say: (line: string) => void;
}

/** A part of a topic that can be proved by itself: `npm run prove -- TOPIC/NAME`. */
export interface Section {
  readonly name: string;
  readonly prove: (proof: Proof) => Promise<void>;
}

const columns = [8, 48, 12, 8, 10, 24] as const;

/** A figure as a line for people. */
export const asLine = ({ topic, figure, value, unit, bare, floor, ok }: Figure): string =>
  [topic, figure, String(value), unit, bare === null ? '-' : String(bare), floor ?? '-']
    .map((cell, n) => cell.padEnd(columns[n] ?? 0))
    .concat(ok ? 'ok' : 'FALLS SHORT')
    .join(' ');

/** The middle of some numbers; NaN of none. */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[Math.ceil(sorted.length / 2) - 1], sorted[middle]];
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2;
};

export const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits));
