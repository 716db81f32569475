import { chown, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  createLedger,
  createLedgerReader,
  createPool,
  requireSchema,
  setUpDatabase,
  verifyLedger,
  type Superuser,
} from '../../../adapters/postgres/index.ts';
import { asSuperuser } from '../../../adapters/postgres/setUp.ts';
import { isExecutable, runCommand } from '../../../dev/command.ts';
import { freePorts } from '../../../dev/ports.ts';
import { postgresUser } from '../../../dev/servers/postgresFiles.ts';
import { sample } from './samples.ts';

/** Debian's own Postgres with its tools: the one that the other tests use has neither `pg_dump` nor `pg_restore`. */
const programs = async (): Promise<string | null> => {
  const base = '/usr/lib/postgresql';
  for (const version of await readdir(base).catch(() => []))
    if (Number(version) >= 15 && (await isExecutable(join(base, version, 'bin', 'postgres'))))
      return join(base, version, 'bin');
  return null;
};

interface Server {
  readonly superuser: Superuser;
  /** Runs one of Postgres's programs as the superuser. */
  readonly run: (program: string, ...args: string[]) => Promise<string>;
}

const startServer = async (bin: string, folder: string): Promise<Server> => {
  const user = await postgresUser(() => undefined);
  const [port = 0] = await freePorts(1);
  const password = randomBytes(18).toString('hex');
  const [data, passwordFile, pgpass] = ['data', 'password', 'pgpass'].map((name) => join(folder, name));
  if (data === undefined || passwordFile === undefined || pgpass === undefined) throw new Error('no paths');
  await writeFile(passwordFile, password, { mode: 0o600 });
  await writeFile(pgpass, `127.0.0.1:${port}:*:root:${password}\n`, { mode: 0o600 });
  await mkdir(data, { mode: 0o700 });
  if (user.uid !== undefined && user.gid !== undefined)
    for (const path of [folder, data, passwordFile, pgpass]) await chown(path, user.uid, user.gid);
  const connection = { PGHOST: '127.0.0.1', PGPORT: String(port), PGUSER: 'root', PGPASSFILE: pgpass };
  const env = { PATH: process.env['PATH'], LC_ALL: 'C', ...connection };
  const run: Server['run'] = (program, ...args) =>
    runCommand(join(bin, program), args, { ...user, cwd: folder, env });
  await run(
    'initdb',
    '-D',
    data,
    '-U',
    'root',
    `--pwfile=${passwordFile}`,
    '-A',
    'scram-sha-256',
    '--no-sync',
  );
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off`;
  const log = join(folder, 'log');
  await run('pg_ctl', '-D', data, '-l', log, '-w', '-o', options, 'start');
  onTestFinished(async () => {
    await run('pg_ctl', '-D', data, '-m', 'immediate', '-w', 'stop');
  });
  return { superuser: { host: '127.0.0.1', port, user: 'root', password }, run };
};

const passwords = { writer: randomBytes(18).toString('hex'), api: randomBytes(18).toString('hex') };

describe('a dump of our Postgres', () => {
  it('restored into a new database holds the same ledger, closed to change as it was', async (context) => {
    const bin = await programs();
    if (bin === null) return context.skip('no Postgres of the system with pg_dump and pg_restore');
    const folder = await mkdtemp(join(tmpdir(), 'breakglass-restore-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const { superuser, run } = await startServer(bin, folder);
    const database = 'breakglass';
    const setUp = () => setUpDatabase({ superuser, database, passwords });
    const withPool = async <T>(role: 'writer' | 'api', work: (pool: pg.Pool) => Promise<T>): Promise<T> => {
      const passwordFile = join(folder, role);
      await writeFile(passwordFile, passwords[role], { mode: 0o600 });
      const { host, port } = superuser;
      const pool = await createPool(
        { host, port, database, user: `breakglass_${role}`, passwordFile },
        { applicationName: 'restore' },
      );
      try {
        return await work(pool);
      } finally {
        await pool.end();
      }
    };
    const append = (...keys: readonly string[]): Promise<void> =>
      withPool('writer', async (pool) => {
        for (const key of keys) await createLedger(pool).transact((tx) => tx.append(sample(key)));
      });
    const verify = () => withPool('api', (pool) => verifyLedger(createLedgerReader(pool)));

    await setUp();
    await append('one', 'two', 'three');
    const before = await verify();
    expect(before).toMatchObject({ ok: true, head: { seq: 3 } });

    await run('pg_dump', '--format=custom', '--file=breakglass.dump', database);
    await append('after the dump');
    await run('dropdb', database);
    await run(
      'createdb',
      ...['--owner=breakglass_owner', '--template=template0', '--encoding=UTF8', database],
    );
    await run('pg_restore', '--exit-on-error', `--dbname=${database}`, 'breakglass.dump');
    await setUp();

    expect(await verify()).toEqual(before);
    await withPool('api', (pool) => requireSchema(pool));
    for (const change of [
      'UPDATE breakglass.agent_audit_log SET key = key',
      'TRUNCATE breakglass.agent_audit_log CASCADE',
    ])
      await expect(
        run('psql', '--dbname', database, '--set', 'ON_ERROR_STOP=1', '--command', change),
      ).rejects.toThrow(/append-only/);
    await withPool('api', async (pool) => {
      await expect(createLedger(pool).transact((tx) => tx.append(sample('four')))).rejects.toThrow();
    });
    await append('four');
    expect(await verify()).toMatchObject({ ok: true, head: { seq: 4 } });
    await asSuperuser(superuser, async (client) => {
      const { rows } = await client.query(
        "SELECT has_database_privilege('public', 'breakglass', 'CONNECT') AS open",
      );
      expect(rows).toEqual([{ open: false }]);
    });
  });
});
