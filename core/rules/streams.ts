import type { AccountEvent, CaseEvent } from '../contracts/events.ts';
import { isCaseId, type AccountId, type CaseId } from '../contracts/ids.ts';
import type { LedgerTransaction, Row, StreamEvent } from '../contracts/ledger.ts';
import { followAccount } from './account/due.ts';
import { evolveAccount } from './account/evolve.ts';
import { casesOf, emptyAccount, type AccountState } from './account/state.ts';
import { followCase } from './case/due.ts';
import { evolveCase } from './case/evolve.ts';
import type { CaseState } from './case/state.ts';
import { accountLearns, caseLearns } from './crossing.ts';

/** An account and those of its cases that an event may touch, as the ledger's rows leave them. */
export interface Streams {
  readonly account: AccountState;
  readonly cases: ReadonlyMap<CaseId, CaseState>;
}

/** The events of one case in some rows, in order. */
export const caseEventsIn = (rows: readonly Row[], id: CaseId): CaseEvent[] =>
  rows.flatMap((row) =>
    (row.metadata.events ?? []).flatMap((each) => ('case' in each && each.case === id ? [each.event] : [])),
  );

/** The events of one account in some rows, in order. */
export const accountEventsIn = (rows: readonly Row[], id: AccountId): AccountEvent[] =>
  rows.flatMap((row) =>
    (row.metadata.events ?? []).flatMap((each) =>
      'account' in each && each.account === id ? [each.event] : [],
    ),
  );

/** The first case that a row's events are about. */
export const caseIn = (events: readonly StreamEvent[]): CaseId | null =>
  events.flatMap((each) => ('case' in each ? [each.case] : []))[0] ?? null;

/** A case as its rows leave it; null when there are none. */
export const foldCase = (rows: readonly Row[], id: CaseId): CaseState | null =>
  caseEventsIn(rows, id).reduce<CaseState | null>(evolveCase, null);

/** An account as its rows leave it. */
export const foldAccount = (rows: readonly Row[], id: AccountId): AccountState =>
  accountEventsIn(rows, id).reduce(evolveAccount, emptyAccount(id));

/** What an event is about, besides the account: it says which cases must be folded too. */
export interface About {
  readonly case?: CaseId | null;
  readonly session?: string | null;
}

/** The cases that an account's next event may concern. */
const concerned = (account: AccountState, about: About): CaseId[] =>
  [
    about.case,
    account.openCase?.case,
    ...casesOf(account.rotation),
    ...account.undeclared.map((each) => each.case),
    ...account.rotationsOwed,
    ...account.settledBy,
    ...account.seen.map((each) => each.claimedFor),
    about.session == null ? null : account.claims[about.session],
  ].filter(isCaseId);

/**
 * Folds an account and its concerned cases from the ledger, inside a
 * transaction, so that nothing changes until the decision is written.
 *
 * @param about - what the coming event is about
 */
export const loadStreams = async (
  tx: LedgerTransaction,
  id: AccountId,
  about: About = {},
): Promise<Streams> => {
  const account = foldAccount(await tx.rowsOfAccount(id, 0), id);
  const cases = new Map<CaseId, CaseState>();
  for (const each of new Set(concerned(account, about))) {
    const state = foldCase(await tx.rowsOfCase(each, 0), each);
    if (state !== null) cases.set(each, state);
  }
  return { account, cases };
};

const apply = (streams: Streams, it: StreamEvent): { streams: Streams; learnt: StreamEvent[] } => {
  const { account } = streams;
  if ('case' in it) {
    const before = streams.cases.get(it.case) ?? null;
    const after = evolveCase(before, it.event);
    const learnt = accountLearns(before, after, it.event.at).map((event) => ({
      account: account.account,
      event,
    }));
    return { streams: { account, cases: new Map(streams.cases).set(it.case, after) }, learnt };
  }
  const after = evolveAccount(account, it.event);
  const told = caseLearns(account, it.event, after);
  const learnt = told.flatMap((each) => {
    // Those of a case that is over need no telling: nothing of it is owed.
    const isOver = streams.cases.get(each.case)?.phase === 'closed';
    return each.events
      .filter((event) => event.type !== 'superseded' || !isOver)
      .map((event) => ({ case: each.case, event }));
  });
  return { streams: { ...streams, account: after }, learnt };
};

const following = (streams: Streams, now: string): StreamEvent[] => [
  ...[...streams.cases.values()].flatMap((each) =>
    followCase(each, now).map((event) => ({ case: each.case, event })),
  ),
  ...followAccount(streams.account, now).map((event) => ({ account: streams.account.account, event })),
];

/**
 * Applies events with all that follows from them, in the account and its cases.
 *
 * @returns the streams after them, and every event in the order in which it is folded
 */
export const advance = (
  streams: Streams,
  first: readonly StreamEvent[],
  now: string,
): { readonly streams: Streams; readonly events: readonly StreamEvent[] } => {
  const events: StreamEvent[] = [];
  let queue = [...first];
  let current = streams;
  while (queue.length > 0) {
    for (const each of queue.splice(0)) {
      const { streams: after, learnt } = apply(current, each);
      current = after;
      events.push(each);
      queue.push(...learnt);
    }
    if (queue.length === 0) queue = following(current, now);
  }
  return { streams: current, events };
};
