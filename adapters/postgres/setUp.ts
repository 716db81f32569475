/** What a superuser does once for a cluster: roles, database, tables. Operators may do the same by hand. */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';
import { DatabaseError, translate } from './errors.ts';
import { SEARCH_PATH } from './pool.ts';
import { ask } from './query.ts';
import { migrateDatabase, OWNER } from './schema.ts';

/** The role of worker and sentinel: reads everything, adds everywhere. */
export const WRITER = 'breakglass_writer';
/** The role of the api: reads everything, adds refusals to the ledger. */
export const API = 'breakglass_api';

/** A superuser's connection; the database it names is ignored. */
export interface Superuser {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  /** Left out: no TLS. */
  readonly ssl?: ConnectionOptions;
}

export interface DatabasePasswords {
  readonly writer: string;
  readonly api: string;
}

/** Held, in the `postgres` database, by whoever touches roles: they belong to the whole cluster. */
const SETUP_LOCK = 7_204_118_234;

const POWERLESS = 'NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOINHERIT';

/**
 * Makes roles and database where they are missing, sets the passwords, and migrates. Safe to run again and to be
 * raced; needs a superuser of Postgres 15 or newer.
 *
 * @param options.passwords - printable ASCII; they leave this process only as SCRAM verifiers
 * @throws SchemaMismatch when the database is newer than this code
 * @throws DatabaseUnavailable, DatabaseError
 */
export async function setUpDatabase(options: {
  readonly superuser: Superuser;
  readonly database: string;
  readonly passwords: DatabasePasswords;
}): Promise<void> {
  const { superuser, database, passwords } = options;
  await asSuperuser(superuser, async (client) => {
    await ask(client, 'waiting to set up', 'SELECT pg_advisory_lock($1)', [SETUP_LOCK]);
    await makeRole(client, OWNER, null);
    await makeRole(client, WRITER, passwords.writer);
    await makeRole(client, API, passwords.api);
    await makeDatabase(client, database);
    await closeDatabase(client, database);
  });
  await migrateDatabase({ ...superuser, database });
}

/**
 * Closes a database to everybody but our roles, and pins its search path. A copy made from a template needs it
 * again, since Postgres copies neither.
 */
export async function closeDatabase(client: pg.ClientBase, database: string): Promise<void> {
  const name = client.escapeIdentifier(database);
  await ask(client, 'closing the database', `REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
  await ask(client, 'opening the database', `GRANT CONNECT ON DATABASE ${name} TO ${WRITER}, ${API}`);
  await ask(client, 'pinning the search path', `ALTER DATABASE ${name} SET search_path = ${SEARCH_PATH}`);
}

/** Runs work on a superuser's connection to the `postgres` database. */
export async function asSuperuser<T>(
  superuser: Superuser,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const { host, port, user, password, ssl = false } = superuser;
  const client = new pg.Client({
    ...{ host, port, user, password, ssl },
    database: 'postgres',
    lock_timeout: 60_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect().catch((error: unknown) => {
      throw translate(error, 'connecting as superuser');
    });
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function makeRole(client: pg.Client, role: string, password: string | null): Promise<void> {
  await ask(client, `making ${role}`, `CREATE ROLE ${role}`).catch(unlessThere('42710'));
  const login = password === null ? 'NOLOGIN PASSWORD NULL' : `LOGIN PASSWORD '${scramVerifier(password)}'`;
  await ask(client, `setting up ${role}`, `ALTER ROLE ${role} ${POWERLESS} ${login}`);
}

async function makeDatabase(client: pg.Client, database: string): Promise<void> {
  const name = client.escapeIdentifier(database);
  const create = `CREATE DATABASE ${name} OWNER ${OWNER} TEMPLATE template0 ENCODING 'UTF8'`;
  await ask(client, 'making the database', create).catch(unlessThere('42P04'));
}

/** Somebody without our lock, such as an operator, may have been a moment faster. */
function unlessThere(code: string): (error: unknown) => void {
  return (error) => {
    const isThere = error instanceof DatabaseError && (error.code === code || error.code === '23505');
    if (!isThere) throw error;
  };
}

/**
 * What Postgres keeps of a password. Sent instead of the password, which would otherwise reach the server's log
 * and `pg_stat_statements`, as psql's `\password` does it.
 *
 * @see RFC 5803; PostgreSQL, scram-common.c
 */
function scramVerifier(password: string): string {
  if (!/^[\x21-\x7e]{16,}$/.test(password)) {
    throw new TypeError('a database password must be at least 16 printable ASCII characters');
  }
  const salt = randomBytes(16);
  const iterations = 4096;
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  const storedKey = createHash('sha256').update(clientKey).digest('base64');
  const serverKey = createHmac('sha256', salted).update('Server Key').digest('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}
