/** The sentinel's composition root: settings from the file that `BREAKGLASS_SETTINGS` names. */
import { readFile } from 'node:fs/promises';
import { createChannels, type Channels } from '../adapters/channels/index.ts';
import { loadConfigs } from '../adapters/config/load.ts';
import { createKratosAdmin } from '../adapters/kratos/index.ts';
import {
  createLedger,
  createLedgerReader,
  createPool,
  createSightingStore,
  keepTime,
} from '../adapters/postgres/index.ts';
import { serveMetrics } from '../adapters/metrics/index.ts';
import { refuseCoreDumps } from '../adapters/settings/coreDumps.ts';
import { loadSettings } from '../adapters/settings/load.ts';
import { createLog } from '../adapters/settings/log.ts';
import { runProcess } from '../adapters/settings/run.ts';
import { loadKeyRing } from '../adapters/temporal/keyRing.ts';
import { connectLazily, createBreakglassClient } from '../client/temporal.ts';
import type { AccountId } from '../core/contracts/ids.ts';
import { coalesce } from './coalesce.ts';
import { startVigil } from '../vigil/index.ts';
import { repeat } from '../vigil/repeat.ts';
import { createSentinelMetrics } from './metrics.ts';
import { startSentinel } from './sentinel.ts';
import { createWatchdog } from './watchdog.ts';

const KRATOS_TIMEOUT_MS = 3_000;
/** Long enough for both factors of a slow login: the wake only arms a deadline a minute away. */
const TELL_WITHIN_MS = 5_000;
const SHORTEST_KEY = 16;

const readHookKey = async (file: string): Promise<string> => {
  const key = (await readFile(file, 'utf8')).trim();
  if (key.length < SHORTEST_KEY)
    throw new Error(`the hook key in ${file} has fewer than ${SHORTEST_KEY} characters`);
  return key;
};

const main = async (): Promise<void> => {
  refuseCoreDumps();
  const settings = loadSettings(process.env, 'sentinel');
  const own = settings.sentinel;
  const log = createLog('sentinel');
  const configs = loadConfigs(settings, (why) => log.error({ why }, 'a changed config was not taken'));
  // None of these is contacted here: the sentinel must start with all of them down.
  const pool = await createPool(settings.postgres, {
    applicationName: 'breakglass sentinel',
    onIdleError: (error) => log.warn({ err: error }, 'lost an idle database connection'),
  });
  const time = keepTime(pool, { warn: (facts, text) => log.warn(facts, text) });
  const { now } = time;
  const client = createBreakglassClient({
    connection: connectLazily(settings.temporal),
    namespace: settings.temporal.namespace,
    keyRing: loadKeyRing(settings.payloadKeyFile),
  });
  const metrics = createSentinelMetrics(now().toISOString());
  let made: { digest: string; channels: Channels } | undefined;
  const channels = (): Channels => {
    const { digest, config } = configs().current;
    if (made?.digest !== digest) {
      const { secretsDir, aws } = settings;
      const channels = metrics.measured(createChannels({ config, secretsDir, aws, now }));
      made = { digest, channels };
    }
    return made.channels;
  };
  const sightings = createSightingStore(pool);
  const sentinel = await startSentinel({
    host: own.host,
    port: own.port,
    hookKey: await readHookKey(own.hookKeyFile),
    spoolDir: own.spoolDir,
    kratos: createKratosAdmin({ adminUrl: settings.kratos.adminUrl, timeoutMs: KRATOS_TIMEOUT_MS }),
    channels,
    ledger: createLedger(pool),
    recordSighting: (sighting) => sightings.recordSighting(sighting),
    tellProcess: coalesce((account) => client.wakeAccount(account), TELL_WITHIN_MS),
    config: () => configs().current.config,
    log,
    now,
    sweepMs: own.sweepSeconds * 1000,
    onAlarm: metrics.onAlarm,
  });
  const stopMetrics = serveMetrics(
    settings.metrics,
    async () => metrics.expose(await sentinel.state(), now()),
    (error) => log.error({ err: error }, 'metrics are not told'),
  );
  const accounts = (): AccountId[] => [
    ...new Set(
      [...configs().configs.values()].flatMap(({ config }) => Object.keys(config.accounts) as AccountId[]),
    ),
  ];
  const watchdog = createWatchdog({
    ...{ reader: createLedgerReader(pool), ledger: createLedger(pool), workflows: client, accounts, log },
    config: () => configs().current.config,
    now,
  });
  const endWatchdog = repeat(
    own.watchdogSeconds * 1000,
    () => watchdog.look(),
    (reason) => {
      log.error({ reason }, 'the watchdog failed');
    },
  );
  const endVigil = startVigil({
    ...{
      self: 'sentinel',
      settings: own,
      cannot: sentinel.cannot,
      channels,
      ledger: createLedger(pool),
      log,
      now,
    },
    config: () => configs().current.config,
  });
  const stop = async (): Promise<void> => {
    stopMetrics();
    await endVigil();
    await endWatchdog();
    await sentinel.stop();
    made?.channels.close();
    await client.close();
    await time.stop();
    await pool.end();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => {
      stop().then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ err: error }, 'did not stop cleanly');
          process.exit(1);
        },
      );
    });
};

await runProcess('sentinel', main);
