import { ledgerPage } from '../../../core/contracts/http.ts';
import type { Row } from '../../../core/contracts/ledger.ts';
import type { ChainRow } from '../../../core/evidence/chain.ts';
import { verifyWitnessed } from '../../../core/evidence/checkpoint.ts';
import { chainRow } from '../../../core/evidence/ledgerRow.ts';
import type { Api } from '../api.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { CliError, exits } from '../exits.ts';
import { readWitnesses } from '../witnessFiles.ts';

const PAGE = 500;

/** `breakglass ledger …`. */
export const addLedger: AddCommand = (program, context) => {
  const { connect, out } = context;
  const ledger = program.command('ledger').description('the append-only audit log');
  const command = ledger
    .command('verify')
    .description(
      'work out the hash chain from every row, compare it with witnesses, and name the first bad row',
    )
    .option('--witness <file...>', 'checkpoints as a witness kept them, a line each; several files')
    .action(async ({ witness }: { witness?: readonly string[] }) => {
      const { api } = await connect();
      const checkpoints = witness === undefined ? [] : await readWitnesses(context, api, witness);
      const rows = chainRows(api, (seq) => {
        out.progress(`row ${seq}`);
      });
      const verdict = await verifyWitnessed(rows, checkpoints);
      if (!verdict.ok) {
        out.data(verdict, `row ${verdict.firstBad}: ${verdict.why}`);
        throw new CliError(exits.refused, verdict.why, verdict.message);
      }
      const { head } = verdict.seen;
      const { witnessed } = verdict;
      const human = `${head.seq} rows, head ${head.seq} ${head.hash}`;
      out.data(
        { ok: true, rows: head.seq, head, checkpoints: checkpoints.length, witnessed },
        witnessed === null
          ? human
          : `${human}\n${checkpoints.length} checkpoints hold; witnessed up to row ${witnessed.size} at ${witnessed.at}`,
      );
      if (witnessed === null)
        out.say(
          'compare with a witness (--witness FILE): a chain does not see its own tail cut off, or a rewrite',
        );
      else if (witnessed.size < head.seq)
        out.say(`${head.seq - witnessed.size} newer rows are not witnessed by these files`);
    });
  withExamples(
    command,
    'ledger verify',
    'ledger verify --witness checkpoints.jsonl',
    'ledger verify --witness vault/checkpoints.jsonl bucket/2026-11-21/*.json --json',
  );
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
