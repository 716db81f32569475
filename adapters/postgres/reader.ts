import type pg from 'pg';
import type { CaseEvent } from '../../core/contracts/events.ts';
import type { AccountId, CaseId } from '../../core/contracts/ids.ts';
import type { Action, Row } from '../../core/contracts/ledger.ts';
import type { Envelope } from '../../core/contracts/statements.ts';
import type { ChainHead } from '../../core/evidence/chain.ts';
import { carrying, readHead, rowsOfAccount, rowsOfCase, selectRows } from './rows.ts';

/** Which cases; what is left out matches all. */
export interface CaseFilter {
  readonly account?: string | undefined;
  readonly kind?: 'emergency' | 'drill' | 'undeclared' | undefined;
  readonly scenario?: string | undefined;
}

/** A page of the index of cases, newest first. */
export interface CasePage {
  /** At most; 200 when left out. */
  readonly limit?: number;
  /** Only rows with a smaller number: the last one of the page before. */
  readonly before?: number;
}

/** A signed statement that was accepted about a case. */
export interface AcceptedEnvelope {
  readonly seq: number;
  readonly action: Action;
  /** The person who signed. */
  readonly by: string;
  readonly envelope: Envelope;
}

/** Reads the ledger without waiting for anybody; sees whole transactions only. */
export interface LedgerReader {
  head(): Promise<ChainHead>;
  /** Rows with a number above `seq`, in order, at most `limit`. */
  rowsAfter(seq: number, limit: number): Promise<Row[]>;
  /** Rows that carry events of the case, for folding. */
  rowsOfCase(id: CaseId, after?: number): Promise<Row[]>;
  /** Rows that carry events of the account, for folding. */
  rowsOfAccount(id: AccountId, after?: number): Promise<Row[]>;
  /** Everything about a case, once, in order of time: refusals, its logins with their alarms, its logouts too. */
  historyOfCase(id: CaseId): Promise<Row[]>;
  /** The rows that opened cases, admitted requests and undeclared uses, newest first: one for each case. */
  cases(filter?: CaseFilter, page?: CasePage): Promise<Row[]>;
  /** The envelopes of accepted statements about a case, in order, the request first. */
  envelopesOfCase(id: CaseId): Promise<AcceptedEnvelope[]>;
}

const eventsOf = (rows: readonly Row[], id: CaseId): CaseEvent[] =>
  rows
    .flatMap(({ metadata }) => metadata.events ?? [])
    .flatMap((each) => ('case' in each && each.case === id ? [each.event] : []));

/** The logins that a case's events tell of, by their ids. */
const sightingsIn = (events: readonly CaseEvent[]): string[] =>
  events.flatMap((each) =>
    each.type === 'session-seen' || each.type === 'detected' ? [each.sighting.id] : [],
  );

/** The rows that tell of one session's logins and of its end, whether or not a case was known to have it. */
const rowsOfSession = (pool: pg.Pool, session: string): Promise<Row[]> => {
  const event = (it: object): string => JSON.stringify([{ event: it }]);
  const seen = event({ type: 'session-sighted', sighting: { session } });
  return selectRows(pool, `${carrying('$1')} OR ${carrying('$2')}`, [
    seen,
    event({ type: 'session-gone', session }),
  ]);
};

const sightingOf = ({ metadata: { sighting } }: Row): string[] =>
  typeof sighting === 'string' ? [sighting] : [];

/** A login told late stands where it happened. */
const inTime = (one: Row, other: Row): number =>
  one.timestamp.localeCompare(other.timestamp) || one.seq - other.seq;

const about = `(case_id = $1 OR ${carrying('$2')})`;

/**
 * @param pool - of any role that may read
 * @throws (its functions) DatabaseUnavailable, DatabaseError; RowUnreadable when a row was edited into something
 *   that is no row
 */
export function createLedgerReader(pool: pg.Pool): LedgerReader {
  const ofCase = (id: CaseId): string[] => [id, JSON.stringify([{ case: id }])];
  return {
    head: () => readHead(pool),
    rowsAfter: (seq, limit) => selectRows(pool, 'seq > $1', [seq, limit], 'seq LIMIT $2'),
    rowsOfCase: (id, after = 0) => rowsOfCase(pool, id, after),
    rowsOfAccount: (id, after = 0) => rowsOfAccount(pool, id, after),
    historyOfCase: async (id) => {
      const rows = await selectRows(pool, about, ofCase(id));
      const events = eventsOf(rows, id);
      const sessions = events.flatMap((each) => (each.type === 'session-claimed' ? [each.session] : []));
      const ofSessions = (await Promise.all(sessions.map((each) => rowsOfSession(pool, each)))).flat();
      // A login is recorded, and its alarm rings, before anybody knows whose it is: only the sighting tells later.
      const told = `action IN ('break_glass_login', 'break_glass_alarm') AND metadata->>'sighting' = ANY($1)`;
      const sightings = [...sightingsIn(events), ...ofSessions.flatMap(sightingOf)];
      const ofLogins = await selectRows(pool, told, [sightings]);
      const once = new Map([...rows, ...ofSessions, ...ofLogins].map((each) => [each.seq, each]));
      return [...once.values()].toSorted(inTime);
    },
    cases: ({ account, kind, scenario } = {}, { limit = 200, before = Number.MAX_SAFE_INTEGER } = {}) => {
      const asked = kind === 'undeclared' ? null : { type: 'requested', account, kind, scenario };
      // Nobody asked for an undeclared use: it has no scenario, and no kind but its own.
      const isAsked = scenario !== undefined || (kind !== undefined && kind !== 'undeclared');
      const detected = isAsked ? null : { type: 'detected', account };
      // An event that is none: matches nothing.
      const event = (it: object | null): string => JSON.stringify([{ event: it ?? { type: '' } }]);
      const where = `result = 'success' AND seq < $3 AND (
        (action = 'break_glass_requested' AND ${carrying('$1')})
        OR (action = 'break_glass_unclaimed' AND ${carrying('$2')}))`;
      return selectRows(pool, where, [event(asked), event(detected), before, limit], 'seq DESC LIMIT $4');
    },
    envelopesOfCase: async (id) => {
      const rows = await selectRows(
        pool,
        `${about} AND result = 'success' AND metadata ? 'envelope'`,
        ofCase(id),
      );
      return rows.flatMap(({ seq, action, actor_id: by, metadata: { envelope } }) =>
        envelope === undefined ? [] : [{ seq, action, by, envelope }],
      );
    },
  };
}
