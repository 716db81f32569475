import { readFile, stat } from 'node:fs/promises';
import { checkServerIdentity, type ConnectionOptions } from 'node:tls';
import pg from 'pg';

/** Where the database is, and who asks. */
export interface PoolSettings {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  /** A file that holds the password and nothing else; a final line end is dropped. */
  readonly passwordFile: string;
  /** Left out: no TLS. The server's certificate and name are always verified. */
  readonly tls?: PoolTls | undefined;
}

/** PEM files, read at once, so that a wrong one stops the start. */
export interface PoolTls {
  /** The authorities to trust; Node's own when left out. */
  readonly caFile?: string | undefined;
  /** A client certificate and its key. */
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
  /** The name to find in the server's certificate; the host's when left out. */
  readonly serverName?: string | undefined;
}

export interface PoolOptions {
  /** Shown in `pg_stat_activity`, such as `breakglass worker`. */
  readonly applicationName: string;
  /** Most connections at once; 10 when left out. */
  readonly max?: number;
  /** Told of connections lost while nobody used them; the pool replaces them by itself. */
  readonly onIdleError?: (error: Error) => void;
}

/** Milliseconds. Each is longer than what it contains, so that the server's own answer comes first. */
const LIMITS = { connect: 5_000, lock: 5_000, statement: 10_000, answer: 12_000, idleInTransaction: 10_000 };

/** Only the schema: what somebody may have made elsewhere under the same name is never meant. */
export const SEARCH_PATH = 'pg_catalog, breakglass, pg_temp';

/**
 * A pool of connections with a limit on every wait and a pinned search path.
 *
 * The password is read again for each new connection, so that it can be changed under a running process.
 *
 * @throws when the password file is missing or readable by everybody; whether the database answers is not tried
 */
export async function createPool(settings: PoolSettings, options: PoolOptions): Promise<pg.Pool> {
  const { host, port, database, user, passwordFile, tls } = settings;
  await readPassword(passwordFile);
  const pool = new pg.Pool({
    host,
    port,
    database,
    user,
    password: () => readPassword(passwordFile),
    ssl: tls === undefined ? false : await secureOptions(host, tls),
    application_name: options.applicationName,
    options: `-c search_path=${SEARCH_PATH.replaceAll(' ', '')}`,
    max: options.max ?? 10,
    keepAlive: true,
    connectionTimeoutMillis: LIMITS.connect,
    lock_timeout: LIMITS.lock,
    statement_timeout: LIMITS.statement,
    query_timeout: LIMITS.answer,
    idle_in_transaction_session_timeout: LIMITS.idleInTransaction,
  });
  // Without a listener a restart of the server would end this process.
  pool.on('error', (error) => options.onIdleError?.(new Error(`idle connection lost: ${error.message}`)));
  return pool;
}

/**
 * TLS as libpq's `verify-full`, and nothing weaker: chain and name, an address too.
 *
 * @param host - the name to find in the certificate, unless `tls` names another
 * @throws when a file cannot be read
 */
export async function secureOptions(host: string, tls: PoolTls): Promise<ConnectionOptions> {
  const { caFile, certFile, keyFile, serverName = host } = tls;
  const read = (file: string | undefined) => (file === undefined ? undefined : readFile(file, 'utf8'));
  const [ca, cert, key] = await Promise.all([read(caFile), read(certFile), read(keyFile)]);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
    checkServerIdentity: (_, certificate) => checkServerIdentity(serverName, certificate),
  };
}

async function readPassword(file: string): Promise<string> {
  const { mode } = await stat(file).catch(() => {
    throw new Error(`no password file ${file}`);
  });
  // A group may read it: that is how container platforms hand out secrets.
  if ((mode & 0o007) !== 0) throw new Error(`password file ${file} is open to everybody: chmod 600 it`);
  const password = (await readFile(file, 'utf8')).replace(/\r?\n$/, '');
  if (password === '') throw new Error(`password file ${file} is empty`);
  return password;
}
