import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { serve } from '@hono/node-server';
import { loadConfigs } from '../adapters/config/load.ts';
import {
  createLedger,
  createLedgerReader,
  createPool,
  createSealStore,
  DatabaseUnavailable,
  requireSchema,
} from '../adapters/postgres/index.ts';
import { serveMetrics } from '../adapters/metrics/index.ts';
import { refuseCoreDumps } from '../adapters/settings/coreDumps.ts';
import { loadSettings } from '../adapters/settings/load.ts';
import { createLog } from '../adapters/settings/log.ts';
import { runProcess } from '../adapters/settings/run.ts';
import { loadKeyRing } from '../adapters/temporal/keyRing.ts';
import { connectLazily, createBreakglassClient } from '../client/temporal.ts';
import { createApi } from './app.ts';
import { createLooks } from './looks.ts';
import { createApiMetrics } from './metrics.ts';

/** Milliseconds between rows that count refused attempts. */
const FLUSH_EVERY = 5_000;
/** Milliseconds that answers under way get when the process is told to stop. */
const GRACE = 10_000;

/** With a certificate the api speaks TLS itself. */
const secured = async (tls: { readonly certFile: string; readonly keyFile: string } | undefined) => {
  if (tls === undefined) return {};
  const [cert, key] = await Promise.all([readFile(tls.certFile), readFile(tls.keyFile)]);
  return { createServer, serverOptions: { cert, key } };
};

const main = async (): Promise<void> => {
  refuseCoreDumps();
  const settings = loadSettings(process.env, 'api');
  const { host, port, tls, proxies } = settings.api;
  const log = createLog('api');
  const metrics = createApiMetrics();
  const configs = loadConfigs(settings, (why) => log.error({ why }, 'a changed config was not taken'));
  const pool = await createPool(settings.postgres, {
    applicationName: 'breakglass api',
    onIdleError: (error) => log.warn({ err: error }, 'lost an idle database connection'),
  });
  await requireSchema(pool).catch((error: unknown) => {
    // Reading the chain of configs and answering “not now” need no database.
    if (!(error instanceof DatabaseUnavailable)) throw error;
    log.warn({ err: error }, 'starting without the database');
  });
  const client = createBreakglassClient({
    connection: connectLazily(settings.temporal),
    namespace: settings.temporal.namespace,
    keyRing: loadKeyRing(settings.payloadKeyFile),
  });
  const { app, flush } = createApi({
    now: () => new Date().toISOString(),
    configs,
    reader: createLedgerReader(pool),
    ledger: createLedger(pool),
    seals: createSealStore(pool),
    process: client,
    runs: client,
    log,
    proxies,
    onAnswer: metrics.onAnswer,
    looks: createLooks({ settings, pool, client, configs, now: () => new Date() }),
  });
  const flushOrLog = (): Promise<void> =>
    flush().catch((error: unknown) => log.error({ err: error }, 'counted refusals could not be written'));
  const flushing = setInterval(() => void flushOrLog(), FLUSH_EVERY);
  const server = serve({ fetch: app.fetch, hostname: host, port, ...(await secured(tls)) });
  await once(server, 'listening');
  const stopMetrics = serveMetrics(settings.metrics, metrics.expose, (error) =>
    log.error({ err: error }, 'metrics are not told'),
  );
  log.info({ host, port }, 'api is ready');

  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  log.info('api is stopping');
  clearInterval(flushing);
  stopMetrics();
  const closed = once(server, 'close');
  server.close();
  if ('closeAllConnections' in server) setTimeout(() => server.closeAllConnections(), GRACE).unref();
  await closed;
  await flushOrLog();
  await client.close();
  await pool.end();
};

await runProcess('api', main);
