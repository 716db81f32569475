import type { AccountEvent, CaseEvent, Recorded } from '../core/contracts/events.ts';
import { accountWorkflowId, type AccountId, type CaseId } from '../core/contracts/ids.ts';
import type { LedgerTransaction, Row } from '../core/contracts/ledger.ts';

/** What a workflow has not absorbed yet, and which other workflows must hear of it. */
export interface News<Event> {
  /** The last row this news covers. */
  readonly seq: number;
  readonly events: readonly Recorded<Event>[];
  readonly wakes: readonly string[];
}
export type CaseNews = News<CaseEvent>;
export type AccountNews = News<AccountEvent>;

const othersTouched = (rows: readonly Row[], self: string): string[] => {
  const ids = rows.flatMap((row) =>
    (row.metadata.events ?? []).map((each) => ('case' in each ? each.case : accountWorkflowId(each.account))),
  );
  return [...new Set(ids)].filter((id) => id !== self);
};

/** Rows written by a process that is no workflow: whoever absorbs them first passes the news on. */
const isFromOutside = (row: Row): boolean => row.actor_role === 'sentinel' || row.actor_role === 'worker';

const gather = <Event>(
  rows: readonly Row[],
  after: number,
  self: string,
  mine: string | null,
  pick: (row: Row) => Event[],
): News<Event> => ({
  seq: rows.reduce((most, row) => Math.max(most, row.seq), after),
  events: rows.flatMap((row) => pick(row).map((event) => ({ seq: row.seq, event }))),
  wakes: othersTouched(
    rows.filter((row) => row.key === mine || isFromOutside(row)),
    self,
  ),
});

/**
 * What a case has not absorbed since row `after`.
 *
 * @param mine - key of the row this workflow wrote itself just now, if it did
 */
export const caseNews = async (
  tx: LedgerTransaction,
  id: CaseId,
  after: number,
  mine: string | null,
): Promise<CaseNews> =>
  gather(await tx.rowsOfCase(id, after), after, id, mine, (row) =>
    (row.metadata.events ?? []).flatMap((each) => ('case' in each && each.case === id ? [each.event] : [])),
  );

/** The same for an account. */
export const accountNews = async (
  tx: LedgerTransaction,
  id: AccountId,
  after: number,
  mine: string | null,
): Promise<AccountNews> =>
  gather(await tx.rowsOfAccount(id, after), after, accountWorkflowId(id), mine, (row) =>
    (row.metadata.events ?? []).flatMap((each) =>
      'account' in each && each.account === id ? [each.event] : [],
    ),
  );
