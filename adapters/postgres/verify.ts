import type { Checkpoint } from '../../core/contracts/checkpoint.ts';
import type { Row } from '../../core/contracts/ledger.ts';
import { verifyChain, type ChainHead, type ChainRow, type ChainVerdict } from '../../core/evidence/chain.ts';
import {
  nothingSeen,
  verifyWitnessed,
  type LedgerFault,
  type Seen,
  type WitnessedVerdict,
} from '../../core/evidence/checkpoint.ts';
import { chainRow } from '../../core/evidence/ledgerRow.ts';
import { RowUnreadable } from './errors.ts';
import type { LedgerReader } from './reader.ts';

const PAGE = 500;

/**
 * Follows the chain through the stored rows and names the first bad one, a row that cannot even be read
 * included.
 *
 * @param from - a row known to be good, such as a witnessed checkpoint; by default the genesis, before row 1
 * @throws DatabaseUnavailable, DatabaseError
 */
export async function verifyLedger(
  reader: Pick<LedgerReader, 'rowsAfter'>,
  from?: ChainHead,
): Promise<ChainVerdict> {
  try {
    return await verifyChain(storedRows(reader, from?.seq ?? 0), from);
  } catch (error) {
    if (!(error instanceof RowUnreadable)) throw error;
    return { ok: false, firstBad: error.seq, why: 'edited', message: error.message };
  }
}

/**
 * The same against checkpoints: also names what a chain cannot, a tail that was cut off or a ledger rewritten.
 *
 * @param from - rows that were verified before; by default none
 * @throws DatabaseUnavailable, DatabaseError
 */
export async function verifyWitnessedLedger(
  reader: Pick<LedgerReader, 'rowsAfter'>,
  checkpoints: readonly Checkpoint[],
  from: Seen = nothingSeen,
): Promise<WitnessedVerdict> {
  try {
    const misfit = from.head.seq === 0 ? null : await headFault(reader, from.head);
    return misfit ?? (await verifyWitnessed(storedRows(reader, from.head.seq), checkpoints, from));
  } catch (error) {
    if (!(error instanceof RowUnreadable)) throw error;
    return { ok: false, firstBad: error.seq, why: 'edited', message: error.message };
  }
}

/** What became of the row that was the last one known. */
async function headFault(
  reader: Pick<LedgerReader, 'rowsAfter'>,
  { seq, hash }: ChainHead,
): Promise<WitnessedVerdict | null> {
  const [row] = await reader.rowsAfter(seq - 1, 1);
  const fault = (why: LedgerFault, detail: string): WitnessedVerdict => ({
    ok: false,
    firstBad: seq,
    why,
    message: `ledger row ${seq}, the last one known, ${detail}`,
  });
  if (row?.seq !== seq) return fault('cut', 'is gone');
  const alone = await verifyChain([chainRow(row)], { seq: seq - 1, hash: row.previous });
  if (!alone.ok) return fault('edited', 'was edited');
  return row.hash === hash ? null : fault('rewritten', 'is another one now');
}

async function* storedRows(reader: Pick<LedgerReader, 'rowsAfter'>, after: number): AsyncGenerator<ChainRow> {
  for (let last = after; ;) {
    const page = await readPage(reader, last);
    for (const row of page) yield chainRow(row);
    const end = page.at(-1);
    if (end === undefined) return;
    last = end.seq;
  }
}

/** A row that cannot be read must not hide a bad one before it on the same page. */
async function readPage(reader: Pick<LedgerReader, 'rowsAfter'>, after: number): Promise<Row[]> {
  try {
    return await reader.rowsAfter(after, PAGE);
  } catch (error) {
    if (!(error instanceof RowUnreadable)) throw error;
    return reader.rowsAfter(after, 1);
  }
}
