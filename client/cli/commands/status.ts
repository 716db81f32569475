import { z } from 'zod';
import { accountView, casesPage, caseView, type AccountView } from '../../../core/contracts/http.ts';
import { casePath, isCaseName, isFinal, resolveCase } from '../caseName.ts';
import { withExamples, type AddCommand, type Context } from '../context.ts';
import { notFound } from '../exits.ts';
import { table } from '../printable.ts';
import { showCase } from '../showCase.ts';

const accountsAnswer = z.object({ accounts: z.array(accountView) });

/** `breakglass status`: everything open, or one case, or one account. */
export const addStatus: AddCommand = (program, context) => {
  const command = program
    .command('status')
    .description('show a case, an account, or everything that is open and what waits for you')
    .argument('[case|account]')
    .action((named: string | undefined) => (named === undefined ? overview(context) : one(context, named)));
  withExamples(command, 'status', 'status acme-eu', 'status acme-eu/2026-11-21-01 --json');
};

const overview = async (context: Context): Promise<void> => {
  const { api, profile } = await context.connect();
  const { accounts } = await api.get('/v1/accounts', accountsAnswer);
  const { cases } = await api.get('/v1/cases', casesPage);
  const open = cases.filter((each) => !isFinal(each));
  const text = [
    table([['ACCOUNT', 'STATE', 'OPEN CASE', 'UNCLAIMED LOGINS'], ...accounts.map(accountRow)]),
    ...open.map((view) => `\n${showCase(view, context.now())}`),
  ];
  context.out.data({ accounts, open }, text.join('\n'));
  for (const view of open)
    for (const { who, command } of view.waitingFor)
      if (who.includes(profile.person)) context.out.next(command);
};

const stateOf = ({ provisioned, blocked, overriddenUntil, overdue }: AccountView): string => {
  if (!provisioned) return 'not provisioned';
  if (blocked !== null)
    return `${blocked}${overriddenUntil === null ? '' : `; overridden for one request until ${overriddenUntil}`}`;
  return overdue.length === 0 ? 'ready' : `one signature more: ${overdue.join(', ')} overdue`;
};

const accountRow = (view: AccountView): string[] => [
  view.account,
  stateOf(view),
  [...(view.openCase === null ? [] : [view.openCase]), ...view.undeclared].join(', ') || '-',
  String(view.unclaimed.length),
];

/** A bare account name means its open case; with none open, the account itself. */
const one = async (context: Context, named: string): Promise<void> => {
  const { api, profile } = await context.connect();
  if (!isCaseName(named)) {
    const view = await api.get(`/v1/accounts/${encodeURIComponent(named)}`, accountView);
    const { cases } = await api.get(`/v1/cases?account=${view.account}`, casesPage);
    const open = cases.filter((each) => !isFinal(each));
    const shown = [table([['ACCOUNT', 'STATE', 'OPEN CASE', 'UNCLAIMED LOGINS'], accountRow(view)])];
    context.out.data(
      { account: view, open },
      [...shown, ...open.map((each) => `\n${showCase(each, context.now())}`)].join('\n'),
    );
    return;
  }
  const id = await resolveCase(named, api);
  const view = await api.get(casePath(id), caseView);
  if (view.case !== id) throw notFound(`asked for ${id}, the api shows ${view.case}`);
  context.out.data(view, showCase(view, context.now()));
  for (const { who, command } of view.waitingFor)
    context.out.next(who.includes(profile.person) ? command : `${who.join(', ')}: ${command}`);
};
