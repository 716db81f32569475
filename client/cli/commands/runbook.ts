import type { AccountId } from '../../../core/contracts/ids.ts';
import { parseConfigText } from '../../../core/trust/configFile.ts';
import { requirePinned } from '../configPin.ts';
import { withExamples, type AddCommand, type Context } from '../context.ts';
import { notFound, usage } from '../exits.ts';
import { readNamed } from '../home.ts';
import { runbookPage, stepsOf } from '../runbookPage.ts';

/** `breakglass runbook`: the page that hangs beside the on-call desk. */
export const addRunbook: AddCommand = (program, context) => {
  const { out } = context;
  const command = program
    .command('runbook')
    .description('the runbook of an account, or of each, as an HTML page to print (from the pinned config)')
    .argument('[account]')
    .option('--config <file>', 'YAML that is not in force yet')
    .action(async (named: string | undefined, { config: file }: { readonly config?: string }) => {
      const { config, digest } = file === undefined ? await pinned(context) : await fromFile(file);
      const known = Object.keys(config.accounts) as AccountId[];
      const accounts = known.filter((id) => named === undefined || id === named);
      if (accounts.length === 0) throw notFound(`no account ${named ?? ''}; there are: ${known.join(', ')}`);
      const sheets = accounts.map((account) => ({ config, digest, account, printedAt: context.now() }));
      const html = runbookPage(sheets);
      out.data(
        { config: digest, accounts: sheets.map((of) => ({ account: of.account, steps: stepsOf(of) })), html },
        html,
      );
      if (out.isStdoutTerminal) out.next('breakglass runbook > runbook.html, then print it from a browser');
    });
  withExamples(command, 'runbook acme-eu > acme-eu.html', 'runbook --config organisation.yaml > all.html');
};

const pinned = async ({ home }: Context) => (await requirePinned(home)).current;

const fromFile = async (file: string) => {
  const parsed = parseConfigText(await readNamed(file));
  if (!parsed.ok)
    throw usage(`${file}: ${parsed.problems.length} to mend first`, `breakglass config check ${file}`);
  return parsed;
};
