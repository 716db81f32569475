/** Ways in which a ledger's owner could change it, and what the verification with a witness says to each. */
import { checkpointOf, verifyWitnessed, type WitnessedVerdict } from '../../../core/evidence/checkpoint.ts';
import { GENESIS_HASH, rowHash, type ChainHead } from '../../../core/evidence/chain.ts';
import { chainRow, ledgerRowText, nextRow } from '../../../core/evidence/ledgerRow.ts';
import type { Checkpoint } from '../../../core/contracts/checkpoint.ts';
import type { Digest } from '../../../core/contracts/ids.ts';
import type { Row } from '../../../core/contracts/ledger.ts';

export const kinds = ['edited', 'inserted', 'reordered', 'cut', 'rewritten'] as const;
export type Kind = (typeof kinds)[number];

/** Whole numbers from 0 to below `below`, the same ones for the same seed (mulberry32). */
export type Random = (below: number) => number;

export const seeded = (seed: number): Random => {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
};

/** A ledger that was changed, and the first row that is not what it was. */
export interface Mutated {
  readonly rows: readonly Row[];
  readonly changedAt: number;
  readonly how: string;
}

const draftOf = ({ seq: _seq, previous: _previous, hash: _hash, ...draft }: Row) => draft;

/** Gives rows their places anew, as somebody would who knows how the chain is made. */
const rechained = (before: readonly Row[], after: readonly Row[]): Row[] => {
  const rows = [...before];
  let head: ChainHead = rows.at(-1) ?? { seq: 0, hash: GENESIS_HASH };
  for (const row of after) {
    const next = nextRow(head, draftOf(row));
    rows.push(next);
    head = next;
  }
  return rows;
};

const changes: readonly ((row: Row, random: Random) => Row)[] = [
  (row, random) => ({ ...row, actor_id: `somebody-else-${random(1e6)}` }),
  (row) => ({ ...row, result: row.result === 'refused' ? 'success' : 'refused' }),
  (row, random) => ({
    ...row,
    timestamp: new Date(Date.parse(row.timestamp) - 1 - random(1e7)).toISOString(),
  }),
  (row, random) => ({ ...row, metadata: { ...row.metadata, reason: `another reason ${random(1e6)}` } }),
];
const changed = (row: Row, random: Random): Row =>
  (changes[random(changes.length)] ?? ((it) => it))(row, random);

const ownHash = (row: Row): Row => ({ ...row, hash: rowHash(row.previous, ledgerRowText(row)) });

const ways: Readonly<Record<Kind, (rows: readonly Row[], upTo: number, random: Random) => Mutated>> = {
  edited: (rows, upTo, random) => {
    const at = random(upTo);
    const edit = rows.slice(at, at + 1).map((row) => changed(row, random));
    const [before, after] = [rows.slice(0, at), rows.slice(at + 1)];
    const how = ['left as it was', 'its own hash made anew', 'the chain made anew'][random(3)] ?? '';
    const whole: Readonly<Record<string, () => Row[]>> = {
      'its own hash made anew': () => [...before, ...edit.map(ownHash), ...after],
      'the chain made anew': () => rechained(before, [...edit, ...after]),
    };
    return { rows: whole[how]?.() ?? [...before, ...edit, ...after], changedAt: at + 1, how };
  },
  inserted: (rows, upTo, random) => {
    const at = random(upTo);
    const [before, after] = [rows.slice(0, at), rows.slice(at)];
    const added = after
      .slice(0, 1)
      .map((row) => ({ ...changed(row, random), nonce: null, key: `inserted/${random(1e9)}` }));
    if (random(2) === 0)
      return { rows: rechained(before, [...added, ...after]), changedAt: at + 1, how: 'the chain made anew' };
    const moved = after.map((row) => ({ ...row, seq: row.seq + 1 }));
    return { rows: [...rechained(before, added), ...moved], changedAt: at + 1, how: 'the others renumbered' };
  },
  reordered: (rows, upTo, random) => {
    const one = random(Math.min(upTo, rows.length - 1));
    const other = one + 1 + random(rows.length - one - 1);
    const swapped = rows.map((row, at) => {
      const taken = at === one ? rows[other] : at === other ? rows[one] : undefined;
      return taken === undefined ? row : { ...taken, seq: row.seq };
    });
    return random(2) === 0
      ? { rows: swapped, changedAt: one + 1, how: 'their numbers exchanged' }
      : {
          rows: rechained(rows.slice(0, one), swapped.slice(one)),
          changedAt: one + 1,
          how: 'the chain made anew',
        };
  },
  cut: (rows, upTo, random) => {
    const kept = random(upTo);
    return { rows: rows.slice(0, kept), changedAt: kept + 1, how: `${rows.length - kept} rows` };
  },
  rewritten: (rows, upTo, random) => {
    const all = rows.map((row) => changed(row, random));
    const length = upTo + random(rows.length - upTo + 1);
    return {
      rows: rechained([], all.slice(0, length)),
      changedAt: 1,
      how: `${length} rows, whole in itself`,
    };
  },
};

/**
 * Changes a ledger in a way of one kind, at or before a row that was witnessed.
 *
 * @param upTo - the size of the last checkpoint, at least 1
 */
export const mutate = (kind: Kind, rows: readonly Row[], upTo: number, random: Random): Mutated =>
  ways[kind](rows, upTo, random);

/** What {@link verifyWitnessed} says to exported rows, as the command line hands them over. */
export const verifyRows = (
  rows: readonly Row[],
  checkpoints: readonly Checkpoint[],
): Promise<WitnessedVerdict> => verifyWitnessed(rows.map(chainRow), checkpoints);

/** Checkpoints of the first rows, at some sizes. */
export const checkpointsAt = async (
  rows: readonly Row[],
  sizes: readonly number[],
  of: { readonly origin: string; readonly config: Digest },
): Promise<Checkpoint[]> =>
  Promise.all(
    sizes.map(async (size) => {
      const verdict = await verifyRows(rows.slice(0, size), []);
      if (!verdict.ok) throw new Error(verdict.message);
      return checkpointOf(verdict.seen, { ...of, at: rows[size - 1]?.timestamp ?? '' });
    }),
  );

/** Some sizes, the last of which leaves a few rows that nobody witnessed. */
export const someSizes = (rows: number, random: Random): number[] => {
  const last = Math.max(1, rows - random(4));
  return [...new Set([1 + random(last), 1 + random(last), last])].toSorted((one, other) => one - other);
};

/**
 * Whether a verdict finds a change: after the last checkpoint that still fits, and not after the change (or the row
 * behind it, which no longer follows).
 */
export const isFound = (
  verdict: Pick<Extract<WitnessedVerdict, { ok: false }>, 'ok' | 'firstBad'> | { readonly ok: true },
  { changedAt }: Mutated,
  sizes: readonly number[],
): boolean => {
  if (verdict.ok) return false;
  const lastGood = Math.max(0, ...sizes.filter((size) => size < changedAt));
  return verdict.firstBad > lastGood && verdict.firstBad <= changedAt + 1;
};
