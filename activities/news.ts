import type { AccountEvent, CaseEvent, Recorded } from '../core/contracts/events.ts';
import { accountWorkflowId, type AccountId, type CaseId } from '../core/contracts/ids.ts';
import type { LedgerTransaction, Row, StreamEvent } from '../core/contracts/ledger.ts';
import { accountEventsIn, caseEventsIn } from '../core/rules/streams.ts';

/** What a workflow has not absorbed yet, and which other workflows must hear of it. */
export interface News<Event> {
  /** The workflow that it is for. */
  readonly of: string;
  /** The row that it was asked for what came after. */
  readonly after: number;
  /** The last row this news covers. */
  readonly seq: number;
  readonly events: readonly Recorded<Event>[];
  readonly wakes: readonly string[];
}
export type CaseNews = News<CaseEvent>;
export type AccountNews = News<AccountEvent>;

/**
 * Events that arm no deadline and start no work: whoever they touch reads them with the next row it hears. A wake
 * costs ten events of two histories.
 */
const canWait: ReadonlySet<StreamEvent['event']['type']> = new Set([
  'attested',
  'case-overdue',
  'case-caught-up',
  'session-seen',
]);

const othersTouched = (rows: readonly Row[], self: string): string[] => {
  const ids = rows.flatMap((row) =>
    (row.metadata.events ?? [])
      .filter(({ event }) => !canWait.has(event.type))
      .map((each) => ('case' in each ? each.case : accountWorkflowId(each.account))),
  );
  return [...new Set(ids)].filter((id) => id !== self);
};

/**
 * Rows of which the others hear from this workflow: its own. By the key, so that a row is passed on also when the
 * answer to the activity that wrote it was lost, and the workflow took the step again at another time.
 */
const isOwn = (row: Row, self: string): boolean => row.key.startsWith(`${self}/`);

/** Rows written by a process that is no workflow: the account hears of them first, and passes them on. */
const isFromOutside = (row: Row): boolean => row.actor_role === 'sentinel' || row.actor_role === 'worker';

const gather = <Event>(
  rows: readonly Row[],
  after: number,
  self: string,
  pick: (row: Row) => Event[],
  passesOn: (row: Row) => boolean,
): News<Event> => ({
  ...{ of: self, after },
  seq: rows.reduce((most, row) => Math.max(most, row.seq), after),
  events: rows.flatMap((row) => pick(row).map((event) => ({ seq: row.seq, event }))),
  wakes: othersTouched(rows.filter(passesOn), self),
});

/** What a case has not absorbed since row `after`. */
export const caseNews = async (tx: LedgerTransaction, id: CaseId, after: number): Promise<CaseNews> =>
  gather(
    await tx.rowsOfCase(id, after),
    after,
    id,
    (row) => caseEventsIn([row], id),
    (row) => isOwn(row, id),
  );

/** The same for an account. */
export const accountNews = async (
  tx: LedgerTransaction,
  id: AccountId,
  after: number,
): Promise<AccountNews> =>
  gather(
    await tx.rowsOfAccount(id, after),
    after,
    accountWorkflowId(id),
    (row) => accountEventsIn([row], id),
    (row) => isOwn(row, accountWorkflowId(id)) || isFromOutside(row),
  );
