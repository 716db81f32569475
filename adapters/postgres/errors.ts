import pg from 'pg';

/** The database cannot answer now: the same call may succeed later. Whether a commit took place may be unknown. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable';
  readonly retryable = true;
  /** SQLSTATE, the system's network code, or `unknown`. */
  readonly code: string;
  constructor(doing: string, code: string, why: string) {
    super(`postgres unavailable while ${doing}: ${why} (${code})`);
    this.code = code;
  }
}

/** The database answered with an error that a retry does not mend. Holds names of things, never their values. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError';
  readonly retryable = false;
  /** SQLSTATE. */
  readonly code: string;
  readonly table: string | null;
  readonly constraint: string | null;
  constructor(doing: string, code: string, why: string, of: { table?: string; constraint?: string } = {}) {
    super(`postgres refused ${doing}: ${why} (${code})`);
    this.code = code;
    this.table = of.table ?? null;
    this.constraint = of.constraint ?? null;
  }
}

/** What was to be added to the ledger is there already, or stands where another row stands. */
export class LedgerConflict extends Error {
  override readonly name = 'LedgerConflict';
  readonly on: 'key' | 'nonce' | 'message' | 'chain';
  constructor(on: LedgerConflict['on']) {
    super(CONFLICTS[on]);
    this.on = on;
  }
}

const CONFLICTS = {
  key: 'the ledger has a row under this idempotency key: read it with rowByKey first',
  nonce: 'an accepted statement has used this nonce',
  message: 'another message has this id',
  chain: 'the row does not follow the head: another writer does not take the lock',
} as const;

/** A ledger transaction was used outside its work function, or ended without its cause. */
export class TransactionMisused extends Error {
  override readonly name = 'TransactionMisused';
}

/** Postgres undoes a transaction with the first error in it, whoever caught that. */
export const AFTER_ERROR = 'work went on after an error of its ledger transaction; nothing was written';

/** A stored row that no version of this code wrote. */
export class RowUnreadable extends Error {
  override readonly name = 'RowUnreadable';
  readonly seq: number;
  /** @param fields - where it is wrong, by name */
  constructor(seq: number, fields: readonly string[]) {
    super(`ledger row ${seq} cannot be read, so it was edited: wrong at ${fields.join(', ')}`);
    this.seq = seq;
  }
}

/** Error classes and conditions after which the same call may succeed. @see PostgreSQL, appendix A */
const RETRYABLE = /^(08...|53...|57P0[1-5]|57014|55P03|40001|40P01|25006|25P0[34]|58...)$/;
const NETWORK = /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|ENOTFOUND|EAI_)/;
/** Texts of the client itself, which has no codes. */
const CLIENT =
  /^(connection terminated|timeout exceeded when trying to connect|query read timeout|client (was closed|has encountered)|cannot use a pool after)/i;

/**
 * What the client threw, without parameters and values: data errors quote what was sent, so of those only
 * code and names are kept. There is no `cause`.
 *
 * @param doing - what was being done, such as `reading the ledger`
 */
export function translate(error: unknown, doing: string): Error {
  if (error instanceof pg.DatabaseError) {
    const { code = 'unknown', message, table, constraint } = error;
    if (code === '25P02') return new TransactionMisused(AFTER_ERROR);
    if (RETRYABLE.test(code)) return new DatabaseUnavailable(doing, code, message);
    const quotesData = /^(21|22|23)/.test(code);
    return new DatabaseError(doing, code, quotesData ? conditionOf(code) : message, {
      ...(table === undefined ? {} : { table }),
      ...(constraint === undefined ? {} : { constraint }),
    });
  }
  const code = codeOf(error);
  if (NETWORK.test(code)) return new DatabaseUnavailable(doing, code, 'no connection');
  if (error instanceof Error && CLIENT.test(error.message)) {
    return new DatabaseUnavailable(doing, 'client', error.message.toLowerCase());
  }
  return error instanceof Error ? error : new Error(`postgres failed while ${doing}`);
}

function conditionOf(code: string): string {
  if (code === '23505') return 'it exists already';
  if (code === '23001') return 'the table is append-only';
  return code.startsWith('23') ? 'it breaks a constraint' : 'a value has the wrong form';
}

/** A connection tried on several addresses fails with all their errors in one. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
  return '';
}
