/** The whole ledger, page by page, as the chain sees it. */
import { ledgerPage } from '../../core/contracts/http.ts';
import type { Row } from '../../core/contracts/ledger.ts';
import type { Api } from './api.ts';
import { CliError, exits } from './exits.ts';

const PAGE = 500;

/**
 * Every row, in order.
 *
 * @param progress - told the last row of each page
 * @throws CliError `unexpected-answer` if the pages lead nowhere, `forbidden` if the ledger is not theirs to read
 */
export async function* ledgerRows(api: Api, progress: (seq: number) => void): AsyncGenerator<Row> {
  let after: number | null = 0;
  while (after !== null) {
    const page: { rows: Row[]; next: number | null } = await api.get(
      `/v1/ledger?after=${after}&limit=${PAGE}`,
      ledgerPage,
    );
    yield* page.rows;
    const last = page.rows.at(-1)?.seq;
    if (last !== undefined) progress(last);
    // A server that names the same page again would keep this going forever.
    if (page.next !== null && page.next <= after)
      throw new CliError(
        exits.unexpected,
        'unexpected-answer',
        `the ledger's page after ${after} leads nowhere`,
      );
    after = page.next;
  }
}

/** The same, with what follows from it. */
export async function* mapRows<T>(rows: AsyncIterable<Row>, of: (row: Row) => T): AsyncGenerator<T> {
  for await (const row of rows) yield of(row);
}
