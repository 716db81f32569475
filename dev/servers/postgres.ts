import { randomBytes } from 'node:crypto';
import { chown, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { z } from 'zod';
import { writeWhole, type Progress } from '../cache.ts';
import { runCommand } from '../command.ts';
import { SetUpFailure } from '../setUp/failures.ts';
import { startProcess, type ProcessSpec, type Running } from '../processes.ts';
import { clearLockFile, clusterFolder, recordFileOf, sweepClusters } from './postgresClusters.ts';
import { postgresPrograms, postgresUser, type PostgresUser } from './postgresFiles.ts';

/** Which cluster to start, and where. */
export interface PostgresOptions {
  /** Names the cluster, such as `ours` or `kratos`: each can be stopped alone. */
  readonly name: string;
  readonly stateFolder: string;
  readonly port: number;
  /** False for tests: faster; loses data when the machine dies, but none when the server does. True when left out. */
  readonly durable?: boolean;
  readonly progress?: Progress;
}

/** A running cluster. The password opens everything in it: never log or print it. */
export interface Postgres {
  readonly host: string;
  readonly port: number;
  /** The superuser, made with the cluster. */
  readonly user: string;
  readonly password: string;
  readonly dataFolder: string;
  readonly process: Running;
  /** The superuser's address of a database (`postgres` when left out). Holds the password. */
  url(database?: string): string;
  /** Fast shutdown: connections are ended, everything committed is kept. */
  stop(): Promise<void>;
  /** Stops it and deletes its data. */
  destroy(): Promise<void>;
}

const HOST = '127.0.0.1';
const USER = 'breakglass_root';

const clusterSchema = z.object({
  id: z.string().regex(/^[0-9a-f]{12}$/),
  password: z.string().min(32),
  folder: z.string().optional(),
});

/**
 * Starts a Postgres cluster on loopback, making it first if the state folder has none: SCRAM passwords, UTC,
 * UTF-8 with a collation that is the same on every machine, no Unix socket. The superuser's random password is
 * kept in `postgres-NAME.json` (mode 0600) in the state folder.
 *
 * @throws when it does not start; the message carries the end of its log
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const { name, stateFolder, port, progress = () => undefined } = options;
  const recordFile = recordFileOf(stateFolder, name);
  await mkdir(stateFolder, { recursive: true, mode: 0o700 });
  const user = await postgresUser(progress);
  const programs = await postgresPrograms(user, progress);
  const { id, password } = await clusterRecord(recordFile);
  await sweepClusters();
  const folder = await clusterFolder(stateFolder, name, id, user);
  const dataFolder = join(folder, 'data');
  if (!(await exists(join(dataFolder, 'PG_VERSION')))) await makeCluster(programs, folder, password, user);

  const connection = { host: HOST, port, user: USER, password };
  const running = await startServer(dataFolder, {
    name: `postgres-${name}`,
    command: join(programs, 'bin', 'postgres'),
    args: ['-D', dataFolder, '-p', String(port), ...settings(options.durable ?? true)],
    stateFolder,
    cwd: folder,
    ...user,
    ready: () => answers(connection),
    // SIGTERM would wait for every client to leave; SIGINT is the fast shutdown, and only the leader may get it.
    stopSignal: 'SIGINT',
    stopWhom: 'leader',
    stopWithinMs: 20_000,
  });
  return {
    ...connection,
    dataFolder,
    process: running,
    url: (database = 'postgres') => `postgresql://${USER}:${password}@${HOST}:${port}/${database}`,
    stop: () => running.stop(),
    destroy: async () => {
      await running.stop();
      await rm(folder, { recursive: true, force: true });
      await rm(`${folder}.json`, { force: true });
      await rm(recordFile, { force: true });
    },
  };
}

async function clusterRecord(file: string): Promise<z.infer<typeof clusterSchema>> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text !== undefined) return clusterSchema.parse(JSON.parse(text));
  const record = { id: randomBytes(6).toString('hex'), password: randomBytes(24).toString('base64url') };
  await writeWhole(file, JSON.stringify(record));
  return record;
}

/** Made under another name and renamed, so that an interrupted initdb leaves nothing half-made. */
async function makeCluster(
  programs: string,
  folder: string,
  password: string,
  user: PostgresUser,
): Promise<void> {
  for (const entry of await readdir(folder)) await rm(join(folder, entry), { recursive: true, force: true });
  const half = join(folder, 'data.new');
  // initdb takes a password from a file only.
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  try {
    if (user.uid !== undefined && user.gid !== undefined) await chown(passwordFile, user.uid, user.gid);
    const locale = ['--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C', '--encoding=UTF8'];
    const access = ['--auth=scram-sha-256', `--username=${USER}`, `--pwfile=${passwordFile}`];
    await runCommand(
      join(programs, 'bin', 'initdb'),
      [`--pgdata=${half}`, ...access, ...locale, '--no-sync', '--no-instructions'],
      { ...user, cwd: folder, env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' } },
    );
  } finally {
    await rm(passwordFile, { force: true });
  }
  await rename(half, join(folder, 'data'));
}

function settings(durable: boolean): string[] {
  const values = {
    listen_addresses: HOST,
    unix_socket_directories: '',
    timezone: 'UTC',
    log_timezone: 'UTC',
    // A statement that fails is not logged with its text, which may hold what must not be in a log.
    log_min_error_statement: 'panic',
    log_checkpoints: 'off',
    // Commits stay synchronous even then: tests kill the server and count on what it had acknowledged.
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(values).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
}

/**
 * Postgres itself removes the lock file of a dead server, but refuses while the dead server's backends still
 * hold its shared memory (they leave within moments) and when a stranger got the dead server's process id.
 */
async function startServer(dataFolder: string, spec: ProcessSpec): Promise<Running> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startProcess(spec);
    } catch (error) {
      const busy = error instanceof SetUpFailure && /shared memory block|lock file/.test(error.details);
      if (!busy || attempt === 5) throw error;
      await clearLockFile(dataFolder);
      await sleep(500 * attempt);
    }
  }
}

async function answers(connection: pg.ClientConfig): Promise<boolean> {
  const client = new pg.Client({ ...connection, database: 'postgres', connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
