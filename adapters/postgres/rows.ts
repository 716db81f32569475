/** Rows of `agent_audit_log` and the questions asked of them, inside a transaction or outside. */
import { z } from 'zod';
import { GENESIS_HASH, type ChainHead } from '../../core/evidence/chain.ts';
import type { AccountId, CaseId } from '../../core/contracts/ids.ts';
import { row as rowSchema, type Row } from '../../core/contracts/ledger.ts';
import { RowUnreadable } from './errors.ts';
import { ask, type Queryable } from './query.ts';

const READING = 'reading the ledger';

const COLUMNS = [
  ...['seq', 'timestamp', 'actor_id', 'actor_role', 'action', 'resource_type', 'resource_id', 'ip_address'],
  ...['user_agent', 'result', 'case_id', 'nonce', 'key', 'previous', 'hash', 'metadata'],
] as const satisfies readonly (keyof Row)[];

const names = COLUMNS.map((name) => `"${name}"`).join(', ');
const SELECT = `SELECT ${names} FROM agent_audit_log`;

// bigint comes as text; a timestamp comes as a Date, or as a number when it is infinite.
const storedSeq = z.object({ seq: z.coerce.number() });
const storedTime = z.looseObject({ timestamp: z.date() });
const headSchema = z.object({ seq: z.coerce.number(), hash: z.string() });

function parseRow(stored: unknown): Row {
  const { seq } = storedSeq.parse(stored);
  const timed = storedTime.safeParse(stored);
  if (!timed.success) throw new RowUnreadable(seq, ['timestamp']);
  const parsed = rowSchema.safeParse({ ...timed.data, seq, timestamp: timed.data.timestamp.toISOString() });
  if (parsed.success) return parsed.data;
  throw new RowUnreadable(
    seq,
    parsed.error.issues.map((issue) => issue.path.join('.') || 'the row'),
  );
}

/** The rows that meet a condition, in order. */
export async function selectRows(
  db: Queryable,
  where: string,
  values: readonly unknown[],
  order = 'seq',
): Promise<Row[]> {
  const rows = await ask(db, READING, `${SELECT} WHERE ${where} ORDER BY ${order}`, values);
  return rows.map(parseRow);
}

/** The last row's number and hash; before the first row number 0 and the genesis hash. */
export async function readHead(db: Queryable): Promise<ChainHead> {
  const [last] = await ask(db, READING, 'SELECT seq, hash FROM agent_audit_log ORDER BY seq DESC LIMIT 1');
  return last === undefined ? { seq: 0, hash: GENESIS_HASH } : headSchema.parse(last);
}

export async function rowByKey(db: Queryable, key: string): Promise<Row | null> {
  const [found] = await selectRows(db, 'key = $1', [key]);
  return found ?? null;
}

export async function isNonceUsed(db: Queryable, nonce: string): Promise<boolean> {
  const where = `nonce = $1 AND result = 'success' AND nonce IS NOT NULL`;
  const found = await ask(db, READING, `SELECT 1 FROM agent_audit_log WHERE ${where}`, [nonce]);
  return found.length > 0;
}

/** A condition on the events a row carries, for the index over them. */
export function carrying(parameter: string): string {
  return `metadata -> 'events' @> ${parameter}::jsonb`;
}

export function rowsOfCase(db: Queryable, id: CaseId, after: number): Promise<Row[]> {
  return selectRows(db, `${carrying('$1')} AND seq > $2`, [JSON.stringify([{ case: id }]), after]);
}

export function rowsOfAccount(db: Queryable, id: AccountId, after: number): Promise<Row[]> {
  return selectRows(db, `${carrying('$1')} AND seq > $2`, [JSON.stringify([{ account: id }]), after]);
}

/** Adds a row as it is; its place in the chain has been given. */
export async function insertRow(db: Queryable, row: Row): Promise<void> {
  const places = COLUMNS.map((_, index) => `$${index + 1}`).join(', ');
  const values = COLUMNS.map((name) => (name === 'metadata' ? JSON.stringify(row.metadata) : row[name]));
  await ask(
    db,
    'appending to the ledger',
    `INSERT INTO agent_audit_log (${names}) VALUES (${places})`,
    values,
  );
}
