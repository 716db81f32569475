import { chown, copyFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createPool, type PoolSettings } from '../../../adapters/postgres/index.ts';
import { makeAuthority, type Authority, type CertificateFiles } from '../../support/certificates.ts';
import { openDatabase, type TestDatabase } from '../../support/database.ts';

let folder: string;
let database: TestDatabase;
let root: pg.Client;
let ours: Authority;
let strangers: Authority;
let access: { readonly file: string; readonly text: string };

const reload = async (): Promise<void> => {
  await root.query('SELECT pg_reload_conf()');
};

/** Waits for the servers' processes to have read their files again: a connection made now says so. */
const untilSsl = async (wanted: 'on' | 'off'): Promise<void> => {
  await reload();
  await expect
    .poll(
      async () => {
        const { rows } = await (await database.superuser()).query<{ ssl: string }>('SHOW ssl');
        return rows;
      },
      { timeout: 10_000 },
    )
    .toEqual([{ ssl: wanted }]);
};

/** A file of the cluster's own user, beside its data. */
const give = async (from: string, to: string): Promise<void> => {
  await copyFile(from, to);
  const { uid, gid } = await stat(access.file);
  await chown(to, uid, gid);
};

const turnOn = async ({ certFile, keyFile }: CertificateFiles): Promise<void> => {
  const data = access.file.replace(/[^/]+$/, '');
  for (const [setting, file, value] of [
    ['ssl_cert_file', certFile, 'test.crt'],
    ['ssl_key_file', keyFile, 'test.key'],
    ['ssl_ca_file', ours.caFile, 'test-ca.crt'],
  ] as const) {
    await give(file, join(data, value));
    await root.query(`ALTER SYSTEM SET ${setting} = '${value}'`);
  }
  await root.query('ALTER SYSTEM SET ssl = on');
  await untilSsl('on');
};

/** Asks over a new pool whether that connection is encrypted. */
const connect = async (tls: PoolSettings['tls']): Promise<boolean> => {
  const pool = await createPool({ ...database.settings('writer'), tls }, { applicationName: 'tls', max: 1 });
  onTestFinished(() => pool.end());
  const { rows } = await pool.query<{ ssl: boolean }>(
    'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
  );
  return rows[0]?.ssl === true;
};

// The run's own cluster: TLS can be turned on while it runs, and who asks for none gets none.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakglass-tls-'));
  database = await openDatabase();
  root = await database.superuser();
  const { rows } = await root.query<{ hba_file: string }>('SHOW hba_file');
  const file = rows[0]?.hba_file ?? '';
  access = { file, text: await readFile(file, 'utf8') };
  [ours, strangers] = await Promise.all([makeAuthority(folder, 'ours'), makeAuthority(folder, 'strangers')]);
});
afterAll(async () => {
  await writeFile(access.file, access.text);
  for (const setting of ['ssl', 'ssl_cert_file', 'ssl_key_file', 'ssl_ca_file'])
    await root.query(`ALTER SYSTEM RESET ${setting}`);
  await reload();
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

describe('TLS to Postgres', () => {
  it('is not given up when the server has none', async () => {
    await expect(connect({ caFile: ours.caFile })).rejects.toThrow('does not support SSL');
  });

  it('holds where authority and name are right; another authority, the public ones and another name are refused', async () => {
    await turnOn(await ours.issue('server', ['IP:127.0.0.1', 'DNS:db.example']));
    const { caFile } = ours;
    expect(await connect({ caFile })).toBe(true);
    expect(await connect({ caFile, serverName: 'db.example' })).toBe(true);
    expect(await connect(undefined)).toBe(false);
    await expect(connect({ caFile: strangers.caFile })).rejects.toThrow(/certificate/);
    await expect(connect({})).rejects.toThrow(/certificate/);
    await expect(connect({ caFile, serverName: 'other.example' })).rejects.toThrow(/does not match/);
  });

  it('refuses an address that the certificate does not name, though its authority is right', async () => {
    await turnOn(await ours.issue('localhost', ['DNS:localhost']));
    await expect(connect({ caFile: ours.caFile })).rejects.toThrow(/IP: 127\.0\.0\.1 is not in the cert/);
  });

  it('shows a client certificate where the server wants one', async () => {
    await turnOn(await ours.issue('again', ['IP:127.0.0.1']));
    const rule = `hostssl ${database.name} all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca\n`;
    await writeFile(access.file, rule + access.text);
    await reload();
    const { caFile } = ours;
    await expect
      .poll(() => connect({ caFile }).catch((error: unknown) => String(error)), { timeout: 10_000 })
      .toContain('valid client certificate');
    expect(await connect({ caFile, ...(await ours.issue('writer')) })).toBe(true);
    await expect(connect({ caFile, ...(await strangers.issue('writer')) })).rejects.toThrow(/unknown ca/i);
  });
});
