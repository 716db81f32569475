/** Debian's own Postgres with its tools: the one that the other tests use has neither `pg_dump` nor `pg_restore`. */
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isExecutable, runCommand } from '../../dev/command.ts';
import { freePorts } from '../../dev/ports.ts';
import { postgresUser } from '../../dev/servers/postgresFiles.ts';

/** The folder of its programs, of version 15 or newer; null where there is none. */
export const systemPostgres = async (): Promise<string | null> => {
  const base = '/usr/lib/postgresql';
  for (const version of await readdir(base).catch(() => []))
    if (Number(version) >= 15 && (await isExecutable(join(base, version, 'bin', 'postgres'))))
      return join(base, version, 'bin');
  return null;
};

/** A cluster of its own, on loopback. */
export interface SystemPostgres {
  readonly superuser: {
    readonly host: string;
    readonly port: number;
    readonly user: string;
    readonly password: string;
  };
  readonly dataFolder: string;
  /** What its programs read to reach it as the superuser. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs one of its programs as the superuser, in the folder that it was given. */
  readonly run: (program: string, ...args: string[]) => Promise<string>;
  stop(): Promise<void>;
}

/**
 * Makes and starts a cluster whose superuser is `postgres`.
 *
 * @param bin - as `systemPostgres` gives it
 * @param folder - an empty one, given to the user that Postgres runs as
 * @throws CommandFailure when one of its programs fails
 */
export const startSystemPostgres = async (bin: string, folder: string): Promise<SystemPostgres> => {
  const account = await postgresUser(() => undefined);
  const [port = 0] = await freePorts(1);
  const [host, user, password] = ['127.0.0.1', 'postgres', randomBytes(18).toString('hex')];
  const at = (name: string): string => join(folder, name);
  const [dataFolder, passwordFile, pgpass] = [at('data'), at('password'), at('pgpass')];
  await writeFile(passwordFile, password, { mode: 0o600 });
  await writeFile(pgpass, `${host}:${port}:*:${user}:${password}\n`, { mode: 0o600 });
  await mkdir(dataFolder, { mode: 0o700 });
  if (account.uid !== undefined && account.gid !== undefined)
    for (const path of [folder, dataFolder, passwordFile, pgpass])
      await chown(path, account.uid, account.gid);
  const connection = { PGHOST: host, PGPORT: String(port), PGUSER: user, PGPASSFILE: pgpass };
  const env = { PATH: process.env['PATH'], LC_ALL: 'C', ...connection };
  const run: SystemPostgres['run'] = (program, ...args) =>
    runCommand(join(bin, program), args, { ...account, cwd: folder, env });
  const made = [`--pwfile=${passwordFile}`, '--auth=scram-sha-256', '--no-sync'];
  await run('initdb', '--pgdata', dataFolder, '--username', user, ...made);
  const options = `-p ${port} -c listen_addresses=${host} -c unix_socket_directories= -c fsync=off`;
  await run('pg_ctl', '-D', dataFolder, '-l', at('log'), '-w', '-o', options, 'start');
  return {
    superuser: { host, port, user, password },
    ...{ dataFolder, env, run },
    stop: async () => {
      await run('pg_ctl', '-D', dataFolder, '-m', 'immediate', '-w', 'stop');
    },
  };
};
