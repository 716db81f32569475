/**
 * The ledger's hash chain: each row's hash covers its text and the hash before it.
 *
 * A chain alone does not see its tail cut off: compare the head with a witnessed checkpoint.
 */
import { createHash } from 'node:crypto';
import { isWellFormed } from '../contracts/canonical.ts';

const ROW_TAG = 'breakglass/ledger-row/v1\0';

/** What the first row follows. */
export const GENESIS_HASH = '0'.repeat(64);

/** A row as the chain sees it. `text` is the row's canonical JSON. */
export interface ChainRow {
  readonly seq: number;
  readonly previous: string;
  readonly hash: string;
  readonly text: string;
}

/** A row known to be good: the place to start from, or the last row reached. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

/**
 * What is wrong with the first bad row.
 *
 * - `edited`: its text, hash or link was changed
 * - `unlinked`: whole in itself but follows another row than the one before it: that one or this one was replaced
 * - `removed`: the row of this number is not there
 * - `reordered`: the row of this number comes later
 * - `inserted`: a second row of this number
 */
export type ChainFault = 'edited' | 'unlinked' | 'removed' | 'reordered' | 'inserted';

export type ChainVerdict =
  | { readonly ok: true; readonly rows: number; readonly head: ChainHead }
  | { readonly ok: false; readonly firstBad: number; readonly why: ChainFault; readonly message: string };

/**
 * The hash of a row: SHA-256 over a domain tag, the previous hash's 32 bytes, the text's length in bytes
 * as 8 bytes big-endian, and the text in UTF-8.
 *
 * @param previousHashHex - the hash of the row before, or {@link GENESIS_HASH}
 * @param canonicalRowText - the row's canonical JSON
 * @returns lower-case hex
 * @throws TypeError if the previous hash is not 64 hex digits or the text has a lone surrogate
 */
export function rowHash(previousHashHex: string, canonicalRowText: string): string {
  if (!isHash(previousHashHex)) throw new TypeError('previous hash is not 64 lower-case hex digits');
  if (!isWellFormed(canonicalRowText)) throw new TypeError('cannot hash a row text with a lone surrogate');
  const text = Buffer.from(canonicalRowText, 'utf8');
  const length = Buffer.alloc(8);
  length.writeBigUInt64BE(BigInt(text.length));
  return createHash('sha256')
    .update(ROW_TAG)
    .update(Buffer.from(previousHashHex, 'hex'))
    .update(length)
    .update(text)
    .digest('hex');
}

/**
 * Follows the chain and names the first bad row.
 *
 * Rows must come in the order they claim: numbered without a gap from `from.seq + 1`. That `text` says the
 * same as the row's columns, its own number included, is for the caller to compare.
 *
 * @param from - a row known to be good, such as a witnessed checkpoint; by default the genesis, before row 1
 */
export async function verifyChain(
  rows: AsyncIterable<ChainRow> | Iterable<ChainRow>,
  from: ChainHead = { seq: 0, hash: GENESIS_HASH },
): Promise<ChainVerdict> {
  let head = from;
  let count = 0;
  let skipped: { readonly expected: number; readonly found: number } | undefined;
  for await (const row of rows) {
    if (skipped !== undefined) {
      if (row.seq === skipped.expected) {
        return bad(skipped.expected, 'reordered', `row ${skipped.found} stands where it belongs`);
      }
      continue;
    }
    const expected = head.seq + 1;
    if (row.seq > expected) {
      skipped = { expected, found: row.seq };
      continue;
    }
    if (row.seq < expected)
      return bad(row.seq, 'inserted', `a second row of this number follows row ${head.seq}`);
    const fault = faultOf(row, head);
    if (fault !== undefined) return bad(row.seq, fault, FAULT_TEXT[fault]);
    head = { seq: row.seq, hash: row.hash };
    count += 1;
  }
  if (skipped !== undefined) {
    return bad(skipped.expected, 'removed', `row ${skipped.found} stands in its place`);
  }
  return { ok: true, rows: count, head };
}

const FAULT_TEXT = {
  edited: 'its hash does not cover its text and the row before it',
  unlinked: 'it follows another row than the one before it: that one or this one was replaced',
} as const;

function faultOf(row: ChainRow, head: ChainHead): keyof typeof FAULT_TEXT | undefined {
  if (!isHash(row.previous) || !isWellFormed(row.text)) return 'edited';
  const whole = rowHash(row.previous, row.text) === row.hash;
  if (row.previous !== head.hash) return whole ? 'unlinked' : 'edited';
  return whole ? undefined : 'edited';
}

function bad(firstBad: number, why: ChainFault, detail: string): ChainVerdict {
  return { ok: false, firstBad, why, message: `ledger row ${firstBad} is ${why}: ${detail}` };
}

function isHash(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}
