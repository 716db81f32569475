import { mkdtemp, rm, writeFile } from 'node:fs/promises';
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
} from '../../../adapters/postgres/index.ts';
import { asSuperuser } from '../../../adapters/postgres/setUp.ts';
import { startSystemPostgres, systemPostgres } from '../../support/systemPostgres.ts';
import { sample } from './samples.ts';

const passwords = { writer: randomBytes(18).toString('hex'), api: randomBytes(18).toString('hex') };

describe('a dump of our Postgres', () => {
  it('restored into a new database holds the same ledger, closed to change as it was', async (context) => {
    const bin = await systemPostgres();
    if (bin === null) return context.skip('no Postgres of the system with pg_dump and pg_restore');
    const folder = await mkdtemp(join(tmpdir(), 'breakglass-restore-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const server = await startSystemPostgres(bin, folder);
    onTestFinished(() => server.stop());
    const { superuser, run } = server;
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
