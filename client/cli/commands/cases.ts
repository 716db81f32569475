import { casesPage, type CaseView } from '../../../core/contracts/http.ts';
import type { Api } from '../api.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { CliError, exits, usage } from '../exits.ts';
import { table, when } from '../printable.ts';

const filters = ['account', 'kind', 'scenario', 'person', 'phase', 'quarter'] as const;
type Options = Partial<Record<(typeof filters)[number], string>> & {
  readonly overdue?: true;
  readonly limit: string;
  readonly after?: string;
};

/** `breakglass cases`: newest first, a page at a time. */
export const addCases: AddCommand = (program, context) => {
  const command = program
    .command('cases')
    .description('list cases, newest first; a value that no case can have is refused, with those there are')
    .option('--account <name>')
    .option('--kind <kind>', 'emergency, drill or undeclared')
    .option('--scenario <name>')
    .option('--person <name>', 'who signed something in it, or owed something')
    .option('--phase <phase>', 'such as requested, in-session, settling, closed')
    .option('--overdue', 'somebody owes something past its deadline')
    .option('--quarter <quarter>', 'in which it was asked for or detected, such as 2026-Q4')
    .option('--limit <number>', 'how many at most', '50')
    .option('--after <cursor>', 'go on where a page ended: what it said as “next”')
    .action(async (options: Options) => {
      const { api } = await context.connect();
      const { cases, next } = await readPage(api, options);
      context.out.data({ cases, next }, cases.length === 0 ? 'no cases' : table([head, ...cases.map(asRow)]));
      if (next !== null) context.out.next(commandOf({ ...options, after: String(next) }));
    });
  withExamples(
    command,
    'cases',
    'cases --account acme-eu --phase settling --json',
    'cases --quarter 2026-Q4 --overdue',
    'cases --person maya --limit 20',
  );
};

/** A page of as many cases as were asked for, if there are as many: the api may give fewer at a time. */
const readPage = async (
  api: Api,
  options: Options,
): Promise<{ readonly cases: CaseView[]; readonly next: number | null }> => {
  const limit = wholeNumber('--limit', options.limit);
  const cases: CaseView[] = [];
  let next = options.after === undefined ? null : wholeNumber('--after', options.after);
  do {
    const page = await read(api, options, Math.min(limit - cases.length, 200), next);
    cases.push(...page.cases);
    if (page.next !== null && next !== null && page.next >= next)
      throw new CliError(
        exits.unexpected,
        'unexpected-answer',
        `the list of cases after ${next} leads nowhere`,
      );
    ({ next } = page);
  } while (next !== null && cases.length < limit);
  return { cases, next };
};

const read = async (api: Api, options: Options, limit: number, after: number | null) => {
  const query = new URLSearchParams({ limit: String(limit) });
  for (const each of filters) {
    const wanted = options[each];
    if (wanted !== undefined) query.set(each, wanted);
  }
  if (options.overdue === true) query.set('overdue', 'true');
  if (after !== null) query.set('after', String(after));
  try {
    return await api.get(`/v1/cases?${query.toString()}`, casesPage);
  } catch (error) {
    // A filter that nothing could match: the api says what there is.
    if (error instanceof CliError && error.code === 'bad-request') throw usage(error.message);
    throw error;
  }
};

/** @throws CliError `usage` */
const wholeNumber = (flag: string, text: string): number => {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw usage(`${flag} ${text}: a whole number above 0`);
};

/** The same command, to be typed again. */
const commandOf = (options: Options): string =>
  [
    'breakglass cases',
    ...[...filters, 'limit' as const, 'after' as const].flatMap((each) => {
      const value = options[each];
      return value === undefined || (each === 'limit' && value === '50') ? [] : [`--${each} ${value}`];
    }),
    ...(options.overdue === true ? ['--overdue'] : []),
  ].join(' ');

const head = ['CASE', 'PHASE', 'KIND', 'SCENARIO', 'BY', 'OPENED', 'OWED'];

const asRow = (view: CaseView): string[] => [
  view.case,
  view.phase,
  view.kind,
  view.scenario ?? '-',
  view.by ?? '-',
  openedAt(view),
  owed(view),
];

const openedAt = ({ times }: CaseView): string => {
  const at = times['requested'] ?? times['unanswered'];
  return at === undefined ? '-' : when(at);
};

const owed = ({ obligations }: CaseView): string => {
  const open = obligations.filter(({ ended }) => ended === null);
  if (open.length === 0) return '-';
  const late = open.filter(({ overdue }) => overdue).length;
  return late === 0 ? String(open.length) : `${open.length}, ${late} overdue`;
};
