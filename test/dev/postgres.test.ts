import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { processIdentity } from '../../dev/processIdentity.ts';
import { freePorts } from '../../dev/ports.ts';
import { startPostgres, type Postgres } from '../../dev/servers/postgres.ts';

let stateFolder: string;
let running: Postgres[];
beforeEach(async () => {
  stateFolder = await mkdtemp(join(tmpdir(), 'breakglass-postgres-'));
  running = [];
});
afterEach(async () => {
  for (const server of running) await server.destroy();
  await rm(stateFolder, { recursive: true, force: true });
});

async function start(name = 'ours', port?: number): Promise<Postgres> {
  const [free = 0] = await freePorts(1);
  const server = await startPostgres({ name, stateFolder, port: port ?? free, durable: false });
  running = [...running.filter((other) => other.dataFolder !== server.dataFolder), server];
  return server;
}

async function ask(server: Postgres, sql: string, password = server.password): Promise<unknown[]> {
  const { host, port, user } = server;
  const client = new pg.Client({ host, port, user, password, database: 'postgres' });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows;
  } finally {
    await client.end();
  }
}

describe('a Postgres cluster', () => {
  it('given a new state folder, is made with a password of its own, kept for its owner only', async () => {
    const server = await start();
    expect(await ask(server, "select current_setting('password_encryption'), current_user")).toEqual([
      ['scram-sha-256', 'breakglass_root'],
    ]);
    const file = join(stateFolder, 'postgres-ours.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).toContain(server.password);
    expect(await readdir(join(server.dataFolder, '..'))).toEqual(['data']);
  });

  it('refuses a wrong password, and says neither password nor failed statement in its log', async () => {
    const server = await start();
    await expect(ask(server, 'select 1', 'wrong')).rejects.toThrow(/password authentication failed/);
    await expect(ask(server, "select 'shibboleth' from nowhere")).rejects.toThrow(/does not exist/);
    const log = await readFile(server.process.logFile, 'utf8');
    expect(log).toContain('password authentication failed');
    expect(log).not.toContain('shibboleth');
    expect(log).not.toContain(server.password);
  });

  it('listens on 127.0.0.1 only and on no Unix socket', async () => {
    const server = await start();
    const settings = "select current_setting('listen_addresses'), current_setting('unix_socket_directories')";
    expect(await ask(server, settings)).toEqual([['127.0.0.1', '']]);
  });

  it('given a restart on another port, still has what was committed', async () => {
    const first = await start();
    await ask(first, 'create table kept as select 42 as answer');
    await first.stop();
    const second = await start();
    expect(second.password).toBe(first.password);
    expect(await ask(second, 'select answer from kept')).toEqual([[42]]);
  });

  it('given that it was killed with clients connected, starts again with what was committed', async () => {
    const first = await start();
    await ask(first, 'create table kept as select 42 as answer');
    const idle = new pg.Client({ connectionString: first.url() });
    idle.on('error', () => undefined);
    await idle.connect();
    process.kill(first.process.pid, 'SIGKILL');
    await first.process.exited;
    const second = await start('ours', first.port);
    expect(await ask(second, 'select answer from kept')).toEqual([[42]]);
  });

  it('given that its process id went to a stranger while it was down, starts all the same', async () => {
    const first = await start();
    const lockFile = join(first.dataFolder, 'postmaster.pid');
    const lock = await readFile(lockFile, 'utf8');
    await first.stop();
    // Postgres overlooks the processes of other users by itself.
    const { uid, gid } = await stat(first.dataFolder);
    const stranger = spawn('sleep', ['60'], { uid, gid });
    await once(stranger, 'spawn');
    const pid = stranger.pid ?? 0;
    await writeFile(lockFile, lock.replace(/^\d+/, String(pid)));
    const second = await start();
    expect(await ask(second, 'select 1')).toEqual([[1]]);
    expect(await processIdentity(pid)).toBeDefined();
    stranger.kill('SIGKILL');
  });

  it('given two clusters, one can be stopped alone', async () => {
    const [ours, kratos] = [await start('ours'), await start('kratos')];
    expect(ours.password).not.toBe(kratos.password);
    await ours.stop();
    expect(await ask(kratos, 'select 1')).toEqual([[1]]);
    await expect(ask(ours, 'select 1')).rejects.toThrow(/ECONNREFUSED/);
  });

  it('given that the state folder was emptied, starts afresh and never meets the old data', async () => {
    const first = await start();
    await ask(first, 'create table kept as select 42 as answer');
    await first.stop();
    await rm(stateFolder, { recursive: true });
    const second = await start();
    expect(second.password).not.toBe(first.password);
    await expect(ask(second, 'select answer from kept')).rejects.toThrow(/does not exist/);
    await expect(stat(first.dataFolder)).rejects.toThrow(/ENOENT/);
  });
});
