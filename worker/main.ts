import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import type { Sign } from '../activities/rotation/sealing.ts';
import { createChannels } from '../adapters/channels/index.ts';
import { loadConfigs } from '../adapters/config/load.ts';
import { createKratosAdmin, createKratosLogin } from '../adapters/kratos/index.ts';
import { keepTime } from '../adapters/postgres/clock.ts';
import { askDatabaseTime, askWaiting } from '../adapters/postgres/health.ts';
import { createLedger } from '../adapters/postgres/ledger.ts';
import { createOutbox } from '../adapters/postgres/outbox.ts';
import { createPool } from '../adapters/postgres/pool.ts';
import { createLedgerReader } from '../adapters/postgres/reader.ts';
import { createSealStore } from '../adapters/postgres/seals.ts';
import { serveMetrics } from '../adapters/metrics/index.ts';
import { refuseCoreDumps } from '../adapters/settings/coreDumps.ts';
import { loadSettings } from '../adapters/settings/load.ts';
import { createLog } from '../adapters/settings/log.ts';
import { runProcess } from '../adapters/settings/run.ts';
import { signWithSshKeygen } from '../adapters/ssh/sign.ts';
import { workerDataConverter } from '../adapters/temporal/dataConverter.ts';
import { loadKeyRing } from '../adapters/temporal/keyRing.ts';
import type { Unable } from '../core/contracts/health.ts';
import { taskQueue } from '../core/contracts/temporal.ts';
import { startCheckpointsOf } from './checkpoints/settings.ts';
import { startVigil } from '../vigil/index.ts';
import { startDispatcher } from './dispatcher.ts';
import { askQueue, lookAt, startHealth } from './health.ts';
import { createWorkerMetrics } from './metrics/index.ts';
import { createLedgerMetrics } from './metrics/ledger.ts';
import { recordConfigs } from './recordConfigs.ts';
import { installRuntime } from './runtime.ts';

const kratosTimeoutMs = 10_000;
/** Kratos cancels a request's work when its caller hangs up; far more than it needs for that. */
const kratosSettleMs = 2_000;

const main = async (): Promise<void> => {
  refuseCoreDumps();
  const settings = loadSettings(process.env, 'worker');
  const own = settings.worker;
  const log = createLog('worker');
  installRuntime(log, settings);
  const configs = loadConfigs(settings, (why) => log.error({ why }, 'a changed config was not taken'));
  const pool = await createPool(settings.postgres, {
    applicationName: 'breakglass worker',
    onIdleError: (error) => log.warn({ err: error }, 'lost an idle database connection'),
  });
  const ledger = createLedger(pool);
  const time = keepTime(pool, { warn: (facts, text) => log.warn(facts, text) });
  await time.ready;
  const { now } = time;
  await recordConfigs(ledger, configs(), now().toISOString());
  const sign: Sign = (message, namespace) =>
    signWithSshKeygen({ message, namespace, keyFile: own.sshKeyFile });
  const activities = createActivities({
    ledger,
    configs,
    seals: createSealStore(pool),
    sign,
    admin: createKratosAdmin({ adminUrl: settings.kratos.adminUrl, timeoutMs: kratosTimeoutMs }),
    login: createKratosLogin({ publicUrl: settings.kratos.publicUrl, timeoutMs: kratosTimeoutMs }),
    clock: now,
    settle: () => sleep(kratosSettleMs),
  });
  const { namespace, ...temporal } = settings.temporal;
  const connection = await NativeConnection.connect(temporal);
  const worker = await Worker.create({
    connection,
    namespace,
    taskQueue,
    workflowBundle: { code: await readFile(own.workflowBundle, 'utf8') },
    activities,
    dataConverter: workerDataConverter(loadKeyRing(settings.payloadKeyFile)),
    shutdownGraceTime: '10s',
  });
  const metrics = createWorkerMetrics(createLedgerMetrics(createLedgerReader(pool), () => askWaiting(pool)));
  const channels = metrics.measured(
    createChannels({
      config: configs().current.config,
      secretsDir: settings.secretsDir,
      aws: settings.aws,
      now,
    }),
  );
  const dispatcher = await startDispatcher({ pool, outbox: createOutbox(pool), ledger, channels, log, now });
  const checkpoints = startCheckpointsOf(settings, { pool, sign, configs, channels, log, now });
  const cannot = (): Promise<Unable> =>
    lookAt({
      'take work': () => (worker.getState() === 'RUNNING' ? Promise.resolve() : Promise.reject(new Error())),
      'reach Temporal': () => askQueue(connection, namespace),
      'reach Postgres': () => askDatabaseTime(pool),
    });
  const endVigil = startVigil({
    ...{ self: 'worker', settings: own, ledger, log, now, channels: () => channels, cannot },
    config: () => configs().current.config,
  });
  const stopHealth =
    own.healthPort === undefined
      ? () => undefined
      : startHealth({ host: own.healthHost, port: own.healthPort }, cannot);
  const stopMetrics = serveMetrics(
    settings.metrics,
    () => metrics.expose(now()),
    (error) => log.error({ err: error }, 'metrics are not told'),
  );
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => worker.shutdown());
  log.info('worker is ready');
  await worker.run();
  stopHealth();
  stopMetrics();
  await checkpoints.stop();
  await endVigil();
  await dispatcher.stop();
  await connection.close();
  await time.stop();
  await pool.end();
};

await runProcess('worker', main);
