import { verifyWitnessed } from '../../../core/evidence/checkpoint.ts';
import { chainRow } from '../../../core/evidence/ledgerRow.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { CliError, exits } from '../exits.ts';
import { ledgerRows, mapRows } from '../ledgerRows.ts';
import { readWitnesses } from '../witnessFiles.ts';

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
      const rows = ledgerRows(api, (seq) => {
        out.progress(`row ${seq}`);
      });
      const verdict = await verifyWitnessed(mapRows(rows, chainRow), checkpoints);
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
