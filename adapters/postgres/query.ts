import type pg from 'pg';
import { translate } from './errors.ts';

/** A pool, or one connection in a transaction. */
export type Queryable = Pick<pg.ClientBase, 'query'>;

/**
 * Runs one statement.
 *
 * @param doing - what for, for the error
 * @returns the rows, to be parsed by a schema
 * @throws DatabaseUnavailable, DatabaseError
 */
export async function ask(
  db: Queryable,
  doing: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<readonly unknown[]> {
  try {
    const { rows }: { rows: unknown[] } = await db.query(text, [...values]);
    return rows;
  } catch (error) {
    throw translate(error, doing);
  }
}
