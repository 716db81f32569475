import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { API, WRITER } from '../../adapters/postgres/index.ts';
import type { Settings } from '../../core/contracts/settings.ts';
import { startProcess, type Running } from '../processes.ts';
import { database, type Ports, type Servers } from './servers.ts';
import type { SecretFiles } from './secrets.ts';

/** What a test or a bench wants otherwise in the processes' own settings. */
export interface AmendSettings {
  readonly worker?: Readonly<Record<string, unknown>>;
  readonly sentinel?: Readonly<Record<string, unknown>>;
}

/** Arguments of node for some of the processes, such as a preload. */
export type NodeArguments = Partial<Record<'worker' | 'sentinel' | 'api', readonly string[]>>;

export interface ProcessesOptions {
  readonly stateFolder: string;
  readonly ports: Ports;
  readonly secrets: SecretFiles;
  readonly servers: Servers;
  readonly configPin: string;
  readonly dist: string;
  /** Seconds between two looks of the watchdog; the setting's own default when left out. */
  readonly watchdogSeconds?: number | undefined;
  readonly amendSettings?: AmendSettings | undefined;
  readonly nodeArguments?: NodeArguments | undefined;
}

/** Our own three processes; each can be stopped and started alone. */
export interface OwnProcesses {
  start(name: 'worker' | 'sentinel' | 'api'): Promise<Running>;
}

// The emulator checks no credentials; real ones come from the AWS SDK's own chain.
const awsEnvironment = {
  AWS_ACCESS_KEY_ID: 'emulator',
  AWS_SECRET_ACCESS_KEY: 'emulator',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
};

const isUp = (port: number, path: string) => async (): Promise<boolean> =>
  (await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(2_000) })).ok;

/** Writes each process's settings and gives a way to start it. */
export const ownProcesses = async (options: ProcessesOptions): Promise<OwnProcesses> => {
  const { stateFolder, ports, secrets, servers, configPin, dist, amendSettings, nodeArguments } = options;
  const common = {
    configDir: join(stateFolder, 'config'),
    configPin,
    secretsDir: secrets.secretsDir,
    temporal: { address: servers.temporal.address, namespace: servers.temporal.namespace },
    payloadKeyFile: secrets.payloadKeyFile,
    kratos: { publicUrl: servers.kratos.publicUrl, adminUrl: servers.kratos.adminUrl },
    aws: { endpoint: servers.aws.endpoint },
  };
  const asUser = (user: string, passwordFile: string): { postgres: Settings['postgres'] } => ({
    postgres: { host: servers.ours.host, port: servers.ours.port, database, user, passwordFile },
  });
  const writer = asUser(WRITER, secrets.writerPasswordFile);
  const host = '127.0.0.1';
  const settings = {
    worker: {
      ...common,
      ...writer,
      metrics: { host, port: ports.workerMetrics, temporalPort: ports.temporalMetrics },
      worker: {
        sshKeyFile: join(stateFolder, 'keys', 'worker_ed25519'),
        workflowBundle: join(dist, 'workflow-bundle.js'),
        healthPort: ports.worker,
        checkpoints: { file: join(stateFolder, 'checkpoint.json') },
        otherHealth: `http://${host}:${ports.sentinel}/healthz`,
        ...amendSettings?.worker,
      },
    },
    sentinel: {
      ...common,
      ...writer,
      metrics: { host, port: ports.sentinelMetrics },
      sentinel: {
        ...{ host, port: ports.sentinel, hookKeyFile: secrets.hookKeyFile },
        spoolDir: join(stateFolder, 'spool'),
        otherHealth: `http://${host}:${ports.worker}/healthz`,
        watchdogSeconds: options.watchdogSeconds,
        ...amendSettings?.sentinel,
      },
    },
    api: {
      ...common,
      ...asUser(API, secrets.apiPasswordFile),
      metrics: { host, port: ports.apiMetrics },
      api: {
        ...{ host, port: ports.api },
        workerHealth: `http://${host}:${ports.worker}/healthz`,
        sentinelHealth: `http://${host}:${ports.sentinel}/healthz`,
      },
    },
  };
  const fileOf = (name: keyof typeof settings): string => join(stateFolder, 'settings', `${name}.json`);
  for (const name of ['worker', 'sentinel', 'api'] as const)
    await writeFile(fileOf(name), JSON.stringify(settings[name], null, 2), { mode: 0o600 });
  return {
    start: (name) =>
      startProcess({
        name,
        command: process.execPath,
        args: ['--enable-source-maps', ...(nodeArguments?.[name] ?? []), join(dist, `${name}.mjs`)],
        stateFolder,
        env: { BREAKGLASS_SETTINGS: fileOf(name), ...awsEnvironment },
        ready: isUp(ports[name], '/healthz'),
      }),
  };
};
