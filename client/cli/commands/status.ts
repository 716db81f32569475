import { accountsAnswer, accountView, caseView } from '../../../core/contracts/http.ts';
import type { Api } from '../api.ts';
import { allCases, casePath, isCaseName, isFinal, resolveCase } from '../caseName.ts';
import { withExamples, type AddCommand, type Context } from '../context.ts';
import { notFound } from '../exits.ts';
import { showCase } from '../showCase.ts';
import { showAccounts, showOverview } from '../showOverview.ts';
import { watch, type Seen } from '../watching.ts';

/** `breakglass status`: everything open, or one case, or one account. */
export const addStatus: AddCommand = (program, context) => {
  const command = program
    .command('status')
    .description('show a case, an account, or on one screen everything that is open and what waits for you')
    .argument('[case|account]')
    .option('--watch', 'look again every two seconds, until the case is over or you stop it')
    .action(async (named: string | undefined, options: { readonly watch?: boolean }) => {
      const { api, profile } = await context.connect();
      const look = await looking(context, api, named);
      if (options.watch === true) {
        await watch(context, look);
        return;
      }
      const seen = await look();
      context.out.data(seen.value, seen.human);
      for (const { who, command: answer } of seen.waitingFor)
        if (who.includes(profile.person)) context.out.next(answer);
        else if (named !== undefined && who.length > 0) context.out.next(`${who.join(', ')}: ${answer}`);
    });
  withExamples(command, 'status', 'status --watch', 'status acme-eu', 'status acme-eu/2026-11-21-01 --json');
};

/** What is looked at, each time anew. */
const looking = async (
  context: Context,
  api: Api,
  named: string | undefined,
): Promise<() => Promise<Seen>> => {
  if (named === undefined) return () => overview(context, api);
  if (!isCaseName(named)) return () => oneAccount(context, api, named);
  const id = await resolveCase(named, api);
  return async () => {
    const view = await api.get(casePath(id), caseView);
    if (view.case !== id) throw notFound(`asked for ${id}, the api shows ${view.case}`);
    const { waitingFor } = view;
    return { value: view, human: showCase(view, context.now()), waitingFor, isOver: isFinal(view) };
  };
};

const overview = async (context: Context, api: Api): Promise<Seen> => {
  const { accounts } = await api.get('/v1/accounts', accountsAnswer);
  const open = (await allCases(api, null)).filter((each) => !isFinal(each));
  const waitingFor = open.flatMap((each) => each.waitingFor);
  const human = showOverview(accounts, open, context.now());
  return { value: { accounts, open }, human, waitingFor, isOver: false };
};

/** A bare account name means its open cases too. */
const oneAccount = async (context: Context, api: Api, named: string): Promise<Seen> => {
  const view = await api.get(`/v1/accounts/${encodeURIComponent(named)}`, accountView);
  const open = (await allCases(api, view.account)).filter((each) => !isFinal(each));
  const shown = [showAccounts([view]), ...open.map((each) => showCase(each, context.now()))];
  const waitingFor = open.flatMap((each) => each.waitingFor);
  return { value: { account: view, open }, human: shown.join('\n\n'), waitingFor, isOver: false };
};
