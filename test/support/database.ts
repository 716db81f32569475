/** A database of its own for each test, copied from a migrated template. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { inject, onTestFinished } from 'vitest';
import { createPool, type PoolSettings } from '../../adapters/postgres/index.ts';
import { asSuperuser, closeDatabase } from '../../adapters/postgres/setUp.ts';
import { TEMPLATE, testCluster, type TestCluster } from './postgresServer.ts';

export type TestRole = 'writer' | 'api';

export interface TestDatabase {
  readonly cluster: TestCluster;
  readonly name: string;
  /** What a process with this role would have in its settings. */
  settings(role: TestRole): PoolSettings;
  /** A pool of this role; ended with the database. */
  pool(role: TestRole, max?: number): Promise<pg.Pool>;
  /** One connection of the superuser, in this database; ended with it. */
  superuser(): Promise<pg.Client>;
  /** The same, acting as the tables' owner. */
  owner(): Promise<pg.Client>;
  close(): Promise<void>;
}

async function clusterOfRun(): Promise<TestCluster> {
  const address = inject('testCluster');
  if (address === undefined) {
    throw new Error('this test file has no postgres: name its folder among the servers in vitest.config.ts');
  }
  const response = await fetch(address);
  if (!response.ok) throw new Error(`the test run has no postgres: ${await response.text()}`);
  return testCluster.parse(await response.json());
}

/** For one test: closed when it has finished. */
export async function testDatabase(): Promise<TestDatabase> {
  const database = await openDatabase();
  onTestFinished(() => database.close());
  return database;
}

/** For a `beforeAll`; to be closed in `afterAll`. */
export async function openDatabase(): Promise<TestDatabase> {
  const cluster = await clusterOfRun();
  const name = `test_${randomBytes(6).toString('hex')}`;
  const folder = await mkdtemp(join(tmpdir(), 'breakglass-passwords-'));
  const fileOf = (role: TestRole): string => join(folder, role);
  for (const role of ['writer', 'api'] as const) {
    await writeFile(fileOf(role), `${cluster.passwords[role]}\n`, { mode: 0o600 });
  }
  await asSuperuser(cluster, async (client) => {
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE} OWNER breakglass_owner`);
    await closeDatabase(client, name);
  });

  const open: { end(): Promise<void> }[] = [];
  const { host, port, user, password } = cluster;
  const settings = (role: TestRole): PoolSettings => ({
    ...{ host, port, database: name },
    user: `breakglass_${role}`,
    passwordFile: fileOf(role),
  });
  const superuser = async (): Promise<pg.Client> => {
    const client = new pg.Client({ host, port, user, password, database: name });
    client.on('error', () => undefined);
    await client.connect();
    open.push(client);
    return client;
  };
  return {
    ...{ cluster, name, settings, superuser },
    pool: async (role, max) => {
      const limit = max === undefined ? {} : { max };
      const pool = await createPool(settings(role), { applicationName: `test ${role}`, ...limit });
      open.push(pool);
      return pool;
    },
    owner: async () => {
      const client = await superuser();
      await client.query('SET ROLE breakglass_owner');
      return client;
    },
    close: async () => {
      await Promise.all(open.map((one) => one.end()));
      await asSuperuser(cluster, (client) => client.query(`DROP DATABASE ${name} WITH (FORCE)`));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
