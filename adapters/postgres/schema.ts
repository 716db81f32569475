/** The tables' version: which migrations the database has, and which this code knows. */
import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { translate } from './errors.ts';
import { ask, type Queryable } from './query.ts';

/** Owns every table; nobody logs in as it. */
export const OWNER = 'breakglass_owner';
const SCHEMA = 'breakglass';
const TABLE = 'schema_migrations';
const FOLDER = fileURLToPath(new URL('./migrations/', import.meta.url));

/** Milliseconds to wait for somebody else's migration. */
const PATIENCE = 60_000;

/** The database's tables are not those this code was written for. */
export class SchemaMismatch extends Error {
  override readonly name = 'SchemaMismatch';
  readonly isNewer: boolean;
  constructor(isNewer: boolean, migrations: readonly string[]) {
    const names = migrations.join(', ');
    super(
      isNewer
        ? `the database is newer than this version of breakglass (it has ${names}): upgrade breakglass`
        : `the database is older than this version of breakglass (it lacks ${names}): migrate it`,
    );
    this.isNewer = isNewer;
  }
}

/**
 * Brings the tables up to this code's version, as their owner. Safe when several do it at once: one works, the
 * others wait and find nothing left to do.
 *
 * @param connection - of a superuser, or of a role that was granted `breakglass_owner`
 * @param folder - of the migrations; another one in tests
 * @throws {@link SchemaMismatch} when the database is newer; nothing is changed then
 * @throws DatabaseUnavailable, DatabaseError
 */
export async function migrateDatabase(connection: pg.ClientConfig, folder: string = FOLDER): Promise<void> {
  const client = new pg.Client({ ...connection, lock_timeout: PATIENCE });
  client.on('error', () => undefined);
  try {
    await connect(client);
    await ask(client, 'becoming the owner', `SET ROLE ${OWNER}`);
    const known = await migrationsIn(folder);
    await refuseNewer(client, known);
    await run(client, folder);
    // Somebody newer may have been first while we waited.
    await refuseNewer(client, known);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * What a process asks before it starts to work.
 *
 * @param db - as any of the roles
 * @throws {@link SchemaMismatch} unless the tables are exactly those of this code
 */
export async function requireSchema(db: Queryable): Promise<void> {
  const known = await migrationsIn(FOLDER);
  await refuseNewer(db, known);
  const done = await migrationsDone(db);
  const missing = known.filter((name) => !done.includes(name));
  if (missing.length > 0) throw new SchemaMismatch(false, missing);
}

async function connect(client: pg.Client): Promise<void> {
  await client.connect().catch((error: unknown) => {
    throw translate(error, 'connecting to migrate');
  });
}

async function run(client: pg.Client, folder: string): Promise<void> {
  const silent = (): void => undefined;
  await runner({
    dbClient: client,
    dir: folder,
    direction: 'up',
    schema: SCHEMA,
    createSchema: true,
    migrationsTable: TABLE,
    singleTransaction: true,
    advisoryLockMode: 'wait',
    // Failures are thrown as well.
    log: silent,
  }).catch((error: unknown) => {
    throw translate(error, 'migrating');
  });
}

async function refuseNewer(db: Queryable, known: readonly string[]): Promise<void> {
  const strange = (await migrationsDone(db)).filter((name) => !known.includes(name));
  if (strange.length > 0) throw new SchemaMismatch(true, strange);
}

async function migrationsDone(db: Queryable): Promise<readonly string[]> {
  const doing = 'reading the schema version';
  const [found] = await ask(db, doing, `SELECT to_regclass('${SCHEMA}.${TABLE}') IS NOT NULL AS "isThere"`);
  if (!z.object({ isThere: z.boolean() }).parse(found).isThere) return [];
  const rows = await ask(db, doing, `SELECT name FROM ${SCHEMA}.${TABLE} ORDER BY id`);
  return rows.map((row) => z.object({ name: z.string() }).parse(row).name);
}

async function migrationsIn(folder: string): Promise<readonly string[]> {
  const files = await readdir(folder);
  return files
    .filter((file) => file.endsWith('.sql'))
    .map((file) => file.slice(0, -'.sql'.length))
    .sort();
}
