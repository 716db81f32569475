import { runCommand } from '../command.ts';
import { plainEnvironment, startProcess, type Running } from '../processes.ts';

/** Where and with what Ory Kratos is started. */
export interface KratosOptions {
  /** Path of the `kratos` program, as `kratosBinary` gives it. */
  readonly binary: string;
  readonly stateFolder: string;
  /** Kratos's own database, with its password. */
  readonly databaseUrl: string;
  /** Kratos's YAML, which names the ports below; see `dev/kratos-config.ts`. */
  readonly configFile: string;
  readonly publicPort: number;
  readonly adminPort: number;
}

/** A running Kratos whose database is migrated. */
export interface Kratos {
  readonly publicUrl: string;
  readonly adminUrl: string;
  readonly process: Running;
  stop(): Promise<void>;
}

/**
 * Migrates Kratos's database and starts Kratos, ready when both its ports say so. Not with `--dev`, which
 * switches checks off: the native flows that the command line uses need no cookies and so no TLS.
 *
 * @throws when the migration fails or it is not ready within 30 s; the message carries the end of its log
 */
export async function startKratos(options: KratosOptions): Promise<Kratos> {
  const { binary, configFile, stateFolder } = options;
  // Kratos takes its database's address from the config, argv or here. It holds a password: this is the one
  // secret of ours in an environment, of a server for development, on a database that lives on loopback.
  const env = { DSN: databaseAddress(options.databaseUrl), SQA_OPT_OUT: 'true' };
  await runCommand(binary, ['migrate', 'sql', '-e', '--yes', '-c', configFile], {
    env: { ...plainEnvironment(), ...env },
    timeoutMs: 120_000,
  });
  const publicUrl = `http://127.0.0.1:${options.publicPort}`;
  const adminUrl = `http://127.0.0.1:${options.adminPort}`;
  const running = await startProcess({
    name: 'kratos',
    command: binary,
    args: ['serve', '-c', configFile, '--sqa-opt-out'],
    stateFolder,
    env,
    ready: async () => (await isReady(publicUrl)) && (await isReady(adminUrl)),
  });
  return { publicUrl, adminUrl, process: running, stop: () => running.stop() };
}

/** Kratos's driver asks for TLS unless told that there is none. */
function databaseAddress(given: string): string {
  const url = new URL(given);
  if (!url.searchParams.has('sslmode')) url.searchParams.set('sslmode', 'disable');
  return url.href;
}

async function isReady(url: string): Promise<boolean> {
  const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
  await response.body?.cancel();
  return response.ok;
}
