/** Which case, which account: the short names people type. */
import type { z } from 'zod';
import { accountView, casesPage, type CaseView } from '../../core/contracts/http.ts';
import { accountId, caseId, type AccountId, type CaseId } from '../../core/contracts/ids.ts';
import { finalPhases, type Phase } from '../../core/rules/case/state.ts';
import type { Api } from './api.ts';
import { CliError, exits, notFound, usage } from './exits.ts';

/** Where a case's views lie in the api. */
export const casePath = (id: CaseId, view: '' | '/dossier' | '/history' | '/process' = ''): string => {
  const [, account = '', number = ''] = id.split('/');
  return `/v1/cases/${account}/${number}${view}`;
};

/** @throws CliError `usage` */
export const readAccount = (text: string): AccountId => {
  const parsed = accountId.safeParse(text);
  if (parsed.success) return parsed.data;
  throw usage(`“${text}” is no account's name: lower-case letters, digits and hyphens, such as acme-eu`);
};

/** Whether a name is a case's and not an account's. */
export const isCaseName = (text: string): boolean => text.includes('/');

/** The account that a case's or an account's name is about. @throws CliError `usage` */
export const accountNamed = (text: string): AccountId =>
  readAccount(isCaseName(text) ? (withoutPrefix(text).split('/')[0] ?? '') : text);

const withoutPrefix = (text: string): string => text.replace(/^case\//, '');

/**
 * The case a person means: `case/acme-eu/2026-11-21-01`, the same without `case/`, or only the account's name
 * when one case is open there.
 *
 * @param phases - what the command acts on: decides between several open ones
 * @throws CliError `usage` or `not-found`
 */
export const resolveCase = async (text: string, api: Api, phases: readonly Phase[] = []): Promise<CaseId> => {
  if (isCaseName(text)) {
    const parsed = caseId.safeParse(`case/${withoutPrefix(text)}`);
    if (parsed.success) return parsed.data;
    throw usage(`“${text}” is no case: write acme-eu/2026-11-21-01, or only the account's name`);
  }
  const account = readAccount(text);
  const open = (await casesOfAccount(api, account)).filter((each) => !isFinal(each));
  const meant = open.length > 1 && phases.length > 0 ? open.filter((each) => isIn(each, phases)) : open;
  const [only, ...others] = meant;
  if (only === undefined)
    throw notFound(`no case of ${account} is open`, `breakglass cases --account ${account}`);
  if (others.length > 0)
    throw usage(
      `several cases of ${account} are open, name one: ${meant.map((each) => each.case).join(', ')}`,
    );
  return only.case;
};

/** The api refuses to filter by an account there is not; that it is not there says more. */
const casesOfAccount = async (api: Api, account: AccountId): Promise<CaseView[]> => {
  try {
    return await allCases(api, account);
  } catch (error) {
    if (error instanceof CliError && error.code === 'bad-request') await assertKnown(account, api);
    throw error;
  }
};

/** @throws CliError `not-found` for an account there is not */
const assertKnown = async (account: AccountId, api: Api): Promise<void> => {
  try {
    await api.get(`/v1/accounts/${account}`, accountView);
  } catch (error) {
    if (error instanceof CliError && error.exit !== exits.notFound) return;
    throw error;
  }
};

/**
 * Every case, newest first, from all pages: an old one may still be open.
 *
 * @param account - null for those of all accounts
 */
export const allCases = async (api: Api, account: AccountId | null): Promise<CaseView[]> => {
  const cases: CaseView[] = [];
  let after: number | null = null;
  do {
    const query = new URLSearchParams({
      ...(account === null ? {} : { account }),
      ...(after === null ? {} : { after: String(after) }),
    });
    const page: z.infer<typeof casesPage> = await api.get(`/v1/cases?${query.toString()}`, casesPage);
    cases.push(...page.cases);
    // A server that names the same page again would keep this going forever.
    if (page.next !== null && after !== null && page.next >= after) break;
    after = page.next;
  } while (after !== null);
  return cases;
};

/** Phases are plain text in a view: a newer server may know more of them. */
export const isIn = ({ phase }: CaseView, phases: readonly Phase[]): boolean =>
  phases.some((each) => each === phase);

export const isFinal = (view: CaseView): boolean => isIn(view, finalPhases);
