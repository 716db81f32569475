/** Which cases a reader asked for, and one page of them. */
import type { CasesQuery } from '../core/contracts/http.ts';
import { quarter, quarterOfCase, type AccountId } from '../core/contracts/ids.ts';
import type { Row } from '../core/contracts/ledger.ts';
import { isOverdue } from '../core/rules/case/due.ts';
import { kinds, phases, type CaseState, type Kind, type Phase } from '../core/rules/case/state.ts';
import { foldCase } from '../core/rules/streams.ts';
import type { KnownConfig } from '../core/trust/configFile.ts';
import type { Reader } from './deps.ts';
import { problemOf } from './problems.ts';

/** What a case must be to be listed; what is left out matches all. */
export interface CaseListFilter {
  readonly account: AccountId | undefined;
  readonly kind: Kind | undefined;
  readonly scenario: string | undefined;
  readonly phase: Phase | undefined;
  readonly person: string | undefined;
  readonly quarter: string | undefined;
  readonly isOverdue: boolean | undefined;
}

/** Cases are few: what one request may fold, so that a filter that matches nothing does not hold the api. */
const MOST_FOLDED = 1_000;
/** Cases that are folded at the same time. */
const BATCH = 25;

/** @throws ApiProblem 400 that says what there is */
const known = <T extends string>(what: string, said: string | undefined, all: Iterable<T>): T | undefined => {
  if (said === undefined) return undefined;
  const there = [...new Set(all)];
  const found = there.find((each) => each === said);
  if (found !== undefined) return found;
  throw problemOf(
    'bad-request',
    `there is no ${what} “${said.slice(0, 80)}”; there are: ${there.join(', ')}`,
  );
};

/**
 * Reads what was asked for. Names are those of every config of the chain: a case outlives the config it was asked under.
 *
 * @throws ApiProblem 400 for a value that no case could have, with those there are
 */
export const readFilter = (query: CasesQuery, chain: Iterable<KnownConfig>): CaseListFilter => {
  const configs = [...chain].map(({ config }) => config);
  const names = (of: 'accounts' | 'scenarios' | 'people'): string[] =>
    configs.flatMap((config) => Object.keys(config[of])).toSorted();
  known('account', query.account, names('accounts'));
  if (query.quarter !== undefined && !quarter.safeParse(query.quarter).success)
    throw problemOf('bad-request', 'a quarter is written 2026-Q4');
  return {
    account: query.account,
    kind: known('kind', query.kind, kinds),
    scenario: known('scenario', query.scenario, names('scenarios')),
    phase: known('phase', query.phase, phases),
    person: known('person', query.person, names('people')),
    quarter: query.quarter,
    isOverdue: query.overdue === undefined ? undefined : query.overdue === 'true',
  };
};

const tookPart = (person: string, state: CaseState, rows: readonly Row[]): boolean =>
  rows.some((row) => row.result === 'success' && row.actor_id === person) ||
  state.obligations.some((each) => each.owner === person);

const matches = (filter: CaseListFilter, state: CaseState, rows: readonly Row[], now: string): boolean =>
  (filter.phase === undefined || state.phase === filter.phase) &&
  (filter.isOverdue === undefined || isOverdue(state, now) === filter.isOverdue) &&
  (filter.person === undefined || tookPart(filter.person, state, rows));

/**
 * One page of cases, newest first.
 *
 * @param asked.after - the row that opened the last case of the page before
 * @param asked.now - UTC: what is overdue then
 * @returns `next`, to be given as `after`; null after the last case
 */
export const listCases = async (asked: {
  readonly reader: Pick<Reader, 'cases' | 'rowsOfCase'>;
  readonly filter: CaseListFilter;
  readonly limit: number;
  readonly after: number | null;
  readonly mayShow: (state: CaseState) => boolean;
  readonly now: string;
}): Promise<{ readonly cases: CaseState[]; readonly next: number | null }> => {
  const { reader, filter, limit, mayShow, now } = asked;
  const { account, kind, scenario } = filter;
  const foldIfAsked = async ({ case_id: id }: Row): Promise<CaseState | null> => {
    if (id === null || (filter.quarter !== undefined && quarterOfCase(id) !== filter.quarter)) return null;
    const rows = await reader.rowsOfCase(id);
    const state = foldCase(rows, id);
    return state !== null && mayShow(state) && matches(filter, state, rows, now) ? state : null;
  };
  const cases: CaseState[] = [];
  let before = asked.after;
  for (let looked = 0; looked < MOST_FOLDED; looked += BATCH) {
    const page = { limit: BATCH, ...(before === null ? {} : { before }) };
    const openings = await reader.cases({ account, kind, scenario }, page);
    const states = await Promise.all(openings.map(foldIfAsked));
    for (const [place, state] of states.entries()) {
      const isFull = cases.length === limit;
      if (isFull && state !== null) return { cases, next: before };
      if (state !== null) cases.push(state);
      before = openings[place]?.seq ?? before;
    }
    if (openings.length < BATCH) return { cases, next: null };
  }
  return { cases, next: before };
};
