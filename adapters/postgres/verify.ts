import type { Row } from '../../core/contracts/ledger.ts';
import { verifyChain, type ChainHead, type ChainRow, type ChainVerdict } from '../../core/evidence/chain.ts';
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
