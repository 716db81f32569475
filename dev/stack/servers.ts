import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { asSuperuser, setUpDatabase } from '../../adapters/postgres/setUp.ts';
import { searchAttributeTypes } from '../../core/contracts/temporal.ts';
import type { Progress } from '../cache.ts';
import { kratosBinary } from '../fetch/kratos.ts';
import { temporalBinary } from '../fetch/temporal.ts';
import { writeKratosConfig } from '../kratos-config.ts';
import { startAws, type Aws } from '../servers/aws.ts';
import { startKratos, type Kratos } from '../servers/kratos.ts';
import { startPostgres, type Postgres } from '../servers/postgres.ts';
import { startSlackProcess, type SlackProcess } from '../servers/slackProcess.ts';
import { startTemporal, type Temporal } from '../servers/temporal.ts';
import { readSecret, type SecretFiles } from './secrets.ts';

export const portNames = [
  ...(['ours', 'kratosDatabase', 'temporal', 'kratosPublic', 'kratosAdmin', 'aws', 'slack'] as const),
  ...(['worker', 'sentinel', 'api'] as const),
  ...(['workerMetrics', 'temporalMetrics', 'sentinelMetrics', 'apiMetrics'] as const),
] as const;
export type Ports = Readonly<Record<(typeof portNames)[number], number>>;

/** The servers that are not ours, all running. */
export interface Servers {
  readonly temporal: Temporal;
  readonly ours: Postgres;
  readonly kratosDatabase: Postgres;
  readonly kratos: Kratos;
  readonly aws: Aws;
  readonly slack: SlackProcess;
}

export interface ServersOptions {
  readonly stateFolder: string;
  readonly ports: Ports;
  readonly secrets: SecretFiles;
  /** False for tests. */
  readonly durable: boolean;
  /** Puts something between Kratos and the sentinel: given the sentinel's address, where Kratos posts instead. */
  readonly hookVia?: ((sentinel: string) => string) | undefined;
  readonly progress: Progress;
  /** Called with each server as it runs, so that whoever asked can stop it when a later one fails. */
  readonly keep: <T extends { stop(): Promise<void> }>(started: Promise<T>) => Promise<T>;
}

export const database = 'breakglass';

const makeKratosDatabase = async (cluster: Postgres): Promise<void> =>
  asSuperuser(cluster, async (client) => {
    const { rowCount } = await client.query("SELECT 1 FROM pg_database WHERE datname = 'kratos'");
    if (rowCount === 0) await client.query('CREATE DATABASE kratos');
  });

/** Starts Temporal, two Postgres clusters, Kratos, SNS with SQS, and the receiver that stands in for Slack. */
export const startServers = async (options: ServersOptions): Promise<Servers> => {
  const { stateFolder, ports, secrets, durable, progress, keep } = options;
  const [temporalProgram, kratosProgram] = [await temporalBinary(progress), await kratosBinary(progress)];
  progress('starting Temporal, two Postgres clusters, SNS and SQS, the Slack receiver');
  const cluster = (name: string, port: number): Promise<Postgres> =>
    keep(startPostgres({ name, stateFolder, port, durable, progress }));
  const [temporal, ours, kratosDatabase, aws, slack] = await Promise.all([
    keep(
      startTemporal({
        binary: temporalProgram,
        stateFolder,
        ports: { grpc: ports.temporal },
        searchAttributes: searchAttributeTypes,
      }),
    ),
    cluster('ours', ports.ours),
    cluster('kratos', ports.kratosDatabase),
    keep(startAws({ stateFolder, port: ports.aws })),
    keep(startSlackProcess({ stateFolder, port: ports.slack })),
  ]);
  await writeFile(join(secrets.secretsDir, 'incident-slack'), slack.webhookUrl, { mode: 0o600 });
  const passwords = {
    writer: await readSecret(secrets.writerPasswordFile),
    api: await readSecret(secrets.apiPasswordFile),
  };
  await setUpDatabase({ superuser: ours, database, passwords });
  await makeKratosDatabase(kratosDatabase);
  progress('starting Ory Kratos');
  const configFile = await writeKratosConfig({
    folder: join(stateFolder, 'kratos'),
    publicUrl: `http://127.0.0.1:${ports.kratosPublic}`,
    adminUrl: `http://127.0.0.1:${ports.kratosAdmin}`,
    hookUrl: (options.hookVia ?? ((url: string) => url))(`http://127.0.0.1:${ports.sentinel}/hooks/kratos`),
    hookKey: await readSecret(secrets.hookKeyFile),
  });
  const kratos = await keep(
    startKratos({
      binary: kratosProgram,
      stateFolder,
      databaseUrl: kratosDatabase.url('kratos'),
      configFile,
      publicPort: ports.kratosPublic,
      adminPort: ports.kratosAdmin,
    }),
  );
  return { temporal, ours, kratosDatabase, kratos, aws, slack };
};
