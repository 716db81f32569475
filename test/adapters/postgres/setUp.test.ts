import { randomBytes } from 'node:crypto';
import { chmod, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  createLedger,
  createPool,
  migrateDatabase,
  requireSchema,
  SchemaMismatch,
  setUpDatabase,
} from '../../../adapters/postgres/index.ts';
import { asSuperuser } from '../../../adapters/postgres/setUp.ts';
import { testDatabase, type TestDatabase } from '../../support/database.ts';
import { sample } from './samples.ts';

const MIGRATIONS = fileURLToPath(new URL('../../../adapters/postgres/migrations/', import.meta.url));

const migrationsOf = async (database: TestDatabase): Promise<string[]> => {
  const { rows } = await (
    await database.superuser()
  ).query<{ name: string }>('SELECT name FROM breakglass.schema_migrations ORDER BY id');
  return rows.map(({ name }) => name);
};

/** The connection that migrates a test's database. */
const rootOf = ({
  cluster: { host, port, user, password },
  name: database,
}: TestDatabase): pg.ClientConfig => ({
  ...{ host, port, user, password, database },
});

const withOneMore = async (sql: string): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'breakglass-migrations-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await cp(MIGRATIONS, folder, { recursive: true });
  await writeFile(join(folder, '9999_later.sql'), sql);
  return folder;
};

describe('setting up a database', () => {
  it('may be raced and repeated: roles, database and tables are there once, and the processes get in', async () => {
    const { cluster } = await testDatabase();
    const database = `setup_${randomBytes(6).toString('hex')}`;
    onTestFinished(() =>
      asSuperuser(cluster, (c) => c.query(`DROP DATABASE ${database}`)).then(() => undefined),
    );
    const setUp = (): Promise<void> =>
      setUpDatabase({ superuser: cluster, database, passwords: cluster.passwords });
    await Promise.all([setUp(), setUp(), setUp()]);
    await setUp();

    const folder = await mkdtemp(join(tmpdir(), 'breakglass-password-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const passwordFile = join(folder, 'writer');
    await writeFile(passwordFile, cluster.passwords.writer, { mode: 0o600 });
    const { host, port } = cluster;
    const settings = { host, port, database, user: 'breakglass_writer', passwordFile };
    const pool = await createPool(settings, { applicationName: 'test' });
    await requireSchema(pool);
    expect((await createLedger(pool).transact((tx) => tx.append(sample('a')))).seq).toBe(1);
    await pool.end();
  });

  it('keeps of a password what only proves it', async () => {
    const database = await testDatabase();
    const { rows } = await (
      await database.superuser()
    ).query<{ rolname: string; rolpassword: string | null }>(
      `SELECT rolname, rolpassword FROM pg_authid WHERE rolname LIKE 'breakglass_%' ORDER BY rolname`,
    );
    const kept = new Map(rows.map(({ rolname, rolpassword }) => [rolname, rolpassword]));
    expect(kept.get('breakglass_owner')).toBeNull();
    expect(kept.get('breakglass_writer')).toMatch(/^SCRAM-SHA-256\$4096:/);
    expect(kept.get('breakglass_writer')).not.toContain(database.cluster.passwords.writer);
  });

  it('refuses a password that is short', async () => {
    const { cluster, name } = await testDatabase();
    const passwords = { writer: 'short', api: cluster.passwords.api };
    await expect(setUpDatabase({ superuser: cluster, database: name, passwords })).rejects.toThrow(
      /at least 16/,
    );
  });
});

describe('migrating', () => {
  it('runs once when raced', async () => {
    const database = await testDatabase();
    const folder = await withOneMore('CREATE TABLE later (x int); SELECT pg_sleep(0.2);');
    const race = Array.from({ length: 3 }, () => migrateDatabase(rootOf(database), folder));
    await Promise.all(race);
    expect((await migrationsOf(database)).filter((name) => name === '9999_later')).toHaveLength(1);
  });

  it('leaves nothing of a migration that fails', async () => {
    const database = await testDatabase();
    const before = await migrationsOf(database);
    const folder = await withOneMore('CREATE TABLE later (x int); SELECT 1 / 0;');
    await expect(migrateDatabase(rootOf(database), folder)).rejects.toMatchObject({ name: 'DatabaseError' });
    expect(await migrationsOf(database)).toEqual(before);
    const { rows } = await (
      await database.superuser()
    ).query(`SELECT to_regclass('breakglass.later') AS later`);
    expect(rows).toEqual([{ later: null }]);
  });

  it('refuses a database that is newer than the code, as do the processes', async () => {
    const database = await testDatabase();
    await migrateDatabase(rootOf(database), await withOneMore('SELECT 1;'));
    await expect(migrateDatabase(rootOf(database))).rejects.toThrow(/newer .*9999_later.*upgrade/);
    for (const role of ['writer', 'api'] as const) {
      const refused = requireSchema(await database.pool(role));
      await expect(refused).rejects.toBeInstanceOf(SchemaMismatch);
    }
  });

  it('is asked for by a process that finds the database older', async () => {
    const database = await testDatabase();
    const root = await database.superuser();
    await root.query(`DELETE FROM breakglass.schema_migrations WHERE name = '0004_events'`);
    await expect(requireSchema(await database.pool('writer'))).rejects.toThrow(
      /older .*0004_events.*migrate/,
    );
  });
});

describe('a pool', () => {
  it('takes a password changed under it', async () => {
    const database = await testDatabase();
    const { passwordFile } = database.settings('writer');
    const pool = await database.pool('writer', 1);
    await writeFile(passwordFile, 'not-the-password');
    await expect(pool.query('SELECT 1')).rejects.toThrow(/password authentication failed/);
    await writeFile(passwordFile, `${database.cluster.passwords.writer}\n`);
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('refuses a password file that everybody may read, that is empty, or that is not there', async () => {
    const database = await testDatabase();
    const settings = database.settings('writer');
    const open = (): Promise<pg.Pool> => createPool(settings, { applicationName: 'test' });
    await chmod(settings.passwordFile, 0o644);
    await expect(open()).rejects.toThrow(/open to everybody: chmod 600/);
    await chmod(settings.passwordFile, 0o600);
    await writeFile(settings.passwordFile, '\n');
    await expect(open()).rejects.toThrow(/is empty/);
    await rm(settings.passwordFile);
    await expect(open()).rejects.toThrow(/no password file/);
  });

  it('looks for tables in our schema only', async () => {
    const database = await testDatabase();
    const root = await database.superuser();
    await root.query('CREATE TABLE public.agent_audit_log (seq int); GRANT ALL ON SCHEMA public TO PUBLIC');
    const pool = await database.pool('writer');
    const { rows } =
      await pool.query(`SELECT 'agent_audit_log'::regclass::oid = 'breakglass.agent_audit_log'::regclass::oid AS ours,
      current_setting('search_path') AS path, current_setting('application_name') AS name`);
    expect(rows).toEqual([{ ours: true, path: 'pg_catalog,breakglass,pg_temp', name: 'test writer' }]);
  });
});
