import { openEnvelope, readStatement } from '../../../core/trust/envelope.ts';
import type { Envelope } from '../../../core/contracts/statements.ts';
import { requirePinned, type Trust } from '../configPin.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { CliError, exits } from '../exits.ts';
import { readLog } from '../machineLog.ts';
import { table, when } from '../printable.ts';

/** `breakglass log`: what this machine refused, each line's signature checked again. */
export const addLog: AddCommand = (program, context) => {
  const command = program
    .command('log')
    .description('show what this machine refused, and whether its own signatures hold')
    .action(async () => {
      const trust = await requirePinned(context.home);
      const entries = (await readLog(context.home)).map((each) => read(each, trust));
      const rows = entries.map(({ at, account, doing, why, isSigned }) => [
        when(at),
        account,
        doing,
        isSigned ? 'signed' : 'SIGNATURE DOES NOT HOLD',
        why,
      ]);
      context.out.data({ entries }, rows.length === 0 ? 'this machine has refused nothing' : table(rows));
      const bad = entries.filter(({ isSigned }) => !isSigned).length;
      if (bad > 0) throw new CliError(exits.machineRefused, 'damaged-log', `${bad} entries were changed`);
    });
  withExamples(command, 'log', 'log --json');
};

interface Entry {
  readonly at: string;
  readonly account: string;
  readonly case: string | null;
  readonly doing: string;
  readonly code: string;
  readonly why: string;
  readonly isSigned: boolean;
}

const never = '1970-01-01T00:00:00.000Z';
const unreadable: Entry = {
  ...{ at: never, account: '?', case: null, doing: '?', code: '?' },
  ...{ why: 'not a log entry', isSigned: false },
};

const read = (envelope: Envelope | null, { configs, current }: Trust): Entry => {
  const text = envelope === null ? null : readStatement(envelope.statement);
  if (envelope === null || text?.ok !== true || text.statement.type !== 'machine-refusal') return unreadable;
  const { signedAt, account, case: id, doing, code, why } = text.statement;
  const opened = openEnvelope({ envelope, configs, current: current.digest, now: signedAt });
  return { at: signedAt, account, case: id, doing, code, why, isSigned: opened.ok };
};
