import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from '../build.ts';
import type { Progress } from '../cache.ts';
import { rememberedPorts } from '../ports.ts';
import { endOrphans, stopAll, type Running } from '../processes.ts';
import { lostClusters } from '../servers/postgresClusters.ts';
import { failure } from '../setUp/failures.ts';
import { createCli, type RunCli } from './cli.ts';
import { makeOrganisation, type Amend } from './organisation.ts';
import { ownProcesses, type AmendSettings, type NodeArguments } from './processes.ts';
import { makeSecrets, type SecretFiles } from './secrets.ts';
import { portNames, startServers, type Ports, type Servers } from './servers.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Everything running: real servers, our three processes, and the example organisation's people. */
export interface Stack {
  readonly stateFolder: string;
  readonly ports: Ports;
  readonly servers: Servers;
  readonly secrets: SecretFiles;
  /** `http://127.0.0.1:PORT` of the api. */
  readonly origin: string;
  readonly isFirstStart: boolean;
  readonly cli: RunCli;
  /** Our processes as they run now; a test stops one and starts it again by name. */
  readonly running: Map<'worker' | 'sentinel' | 'api', Running>;
  restart(name: 'worker' | 'sentinel' | 'api'): Promise<void>;
  stop(): Promise<void>;
}

export interface StackOptions {
  /** Where everything is kept; made if absent. */
  readonly stateFolder: string;
  /** The api's port, if not any that is free; people's machines and the signed config keep to it. */
  readonly apiPort?: number | undefined;
  /** False for tests: faster Postgres. */
  readonly durable?: boolean;
  readonly amend?: Amend;
  /** Something between Kratos and the sentinel that passes hooks on, for tests and benches. */
  readonly hookVia?: (sentinel: string) => string;
  /** Seconds between two looks of the sentinel's watchdog, for tests. */
  readonly watchdogSeconds?: number;
  readonly amendSettings?: AmendSettings;
  /** For tests: a preload into some of our processes. */
  readonly nodeArguments?: NodeArguments;
  readonly progress: Progress;
}

const pinOf = (stateFolder: string): Promise<string | null> =>
  readFile(join(stateFolder, 'config', 'pin'), 'utf8').catch(() => null);

/** The ports that profiles and the signed config name. */
const known = ['api', 'kratosPublic'] as const;

/** @throws SetUpFailure when a state's organisation is there, and what it has done is not */
const checkDatabases = async (folder: string): Promise<void> => {
  const lost = await lostClusters(folder);
  if (lost.length > 0) throw failure('databases-gone', { folder, missing: lost.join(', ') });
};

/**
 * Starts the whole system on loopback with free ports, first making what a
 * first start needs. When anything fails, whatever had started is stopped.
 */
export const startStack = async (options: StackOptions): Promise<Stack> => {
  const { stateFolder, progress, durable = true } = options;
  const started: { stop(): Promise<void> }[] = [];
  const running: Stack['running'] = new Map();
  const stop = async (): Promise<void> => {
    await stopAll([...started, ...running.values()]);
  };
  let isOver = false;
  const keep = async <T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const one = await starting;
    // What became ready beside one that failed has nobody left to stop it.
    if (isOver) await one.stop();
    started.push(one);
    return one;
  };
  try {
    for (const ended of await endOrphans(stateFolder))
      progress(`ended ${ended}, left behind by an earlier run`);
    const dist = join(root, 'dist');
    const pinned = await pinOf(stateFolder);
    const ports = await rememberedPorts(join(stateFolder, 'ports.json'), portNames, {
      bound: pinned === null ? [] : known,
      wanted: options.apiPort === undefined ? {} : { api: options.apiPort },
    });
    if (pinned !== null) await checkDatabases(stateFolder);
    await build({ progress });
    const secrets = await makeSecrets(stateFolder);
    const servers = await startServers({
      ...{ stateFolder, ports, secrets, durable, progress, keep },
      hookVia: options.hookVia,
    });
    const cli = createCli(join(dist, 'breakglass.mjs'), stateFolder);
    const origin = `http://127.0.0.1:${ports.api}`;
    const places = { origin, kratosPublicUrl: servers.kratos.publicUrl, securityTopic: servers.aws.topicArn };
    const amend = options.amend === undefined ? {} : { amend: options.amend };
    const configPin = pinned ?? (await makeOrganisation({ stateFolder, cli, places, progress, ...amend }));
    progress('starting worker, sentinel and api');
    const own = await ownProcesses({
      stateFolder,
      ports,
      secrets,
      servers,
      configPin,
      dist,
      watchdogSeconds: options.watchdogSeconds,
      amendSettings: options.amendSettings,
      nodeArguments: options.nodeArguments,
    });
    const names = ['worker', 'sentinel', 'api'] as const;
    await Promise.all(names.map(async (name) => running.set(name, await keep(own.start(name)))));
    return {
      ...{ stateFolder, ports, servers, secrets, origin, cli, running, stop, isFirstStart: pinned === null },
      restart: async (name) => {
        await running.get(name)?.stop();
        running.set(name, await own.start(name));
      },
    };
  } catch (error) {
    isOver = true;
    await stop().catch(() => undefined);
    throw error;
  }
};
