import type { CaseView } from '../../../core/contracts/http.ts';
import { casesAnswer } from '../caseName.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { table, when } from '../printable.ts';

const filters = ['account', 'phase', 'kind', 'scenario'] as const;
type Options = Partial<Record<(typeof filters)[number], string>>;

/** `breakglass cases`: newest first. */
export const addCases: AddCommand = (program, context) => {
  const command = program
    .command('cases')
    .description('list cases, newest first')
    .option('--account <name>')
    .option('--phase <phase>', 'such as requested, in-session, settling, closed')
    .option('--kind <kind>', 'emergency, drill or undeclared')
    .option('--scenario <name>')
    .action(async (options: Options) => {
      const query = new URLSearchParams();
      for (const each of filters) {
        const wanted = options[each];
        if (wanted !== undefined) query.set(each, wanted);
      }
      const { api } = await context.connect();
      const { cases } = await api.get(
        `/v1/cases${query.size === 0 ? '' : `?${query.toString()}`}`,
        casesAnswer,
      );
      const rows = cases.map((each) => [
        each.case,
        each.phase,
        each.kind,
        each.scenario ?? '-',
        each.by ?? '-',
        openedAt(each),
      ]);
      const head = ['CASE', 'PHASE', 'KIND', 'SCENARIO', 'BY', 'OPENED'];
      context.out.data({ cases }, cases.length === 0 ? 'no cases' : table([head, ...rows]));
    });
  withExamples(command, 'cases', 'cases --account acme-eu --phase settling --json');
};

const openedAt = ({ times }: CaseView): string => {
  const at = times['requested'] ?? times['unanswered'];
  return at === undefined ? '-' : when(at);
};
