import { ledgerPage } from '../../../core/contracts/http.ts';
import type { Row } from '../../../core/contracts/ledger.ts';
import { verifyChain, type ChainRow } from '../../../core/evidence/chain.ts';
import { chainRow } from '../../../core/evidence/ledgerRow.ts';
import type { Api } from '../api.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { CliError, exits } from '../exits.ts';

const PAGE = 500;

/** `breakglass ledger …`. */
export const addLedger: AddCommand = (program, { connect, out }) => {
  const ledger = program.command('ledger').description('the append-only audit log');
  const command = ledger
    .command('verify')
    .description('work out the hash chain from every row, and name the first bad one')
    .action(async () => {
      const { api } = await connect();
      const verdict = await verifyChain(
        chainRows(api, (seq) => {
          out.progress(`row ${seq}`);
        }),
      );
      out.data(
        verdict,
        verdict.ok
          ? `${verdict.rows} rows, head ${verdict.head.seq} ${verdict.head.hash}`
          : `row ${verdict.firstBad}: ${verdict.why}`,
      );
      if (!verdict.ok) throw new CliError(exits.refused, verdict.why, verdict.message);
      out.say('compare the head with a witnessed checkpoint: a chain does not see its own tail cut off');
    });
  withExamples(command, 'ledger verify', 'ledger verify --json');
};

async function* chainRows(api: Api, progress: (seq: number) => void): AsyncGenerator<ChainRow> {
  let after: number | null = 0;
  while (after !== null) {
    const page: { rows: Row[]; next: number | null } = await api.get(
      `/v1/ledger?after=${after}&limit=${PAGE}`,
      ledgerPage,
    );
    for (const row of page.rows) yield chainRow(row);
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
