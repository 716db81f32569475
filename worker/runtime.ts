import { DefaultLogger, Runtime } from '@temporalio/worker';
import type { Log } from '../adapters/settings/log.ts';
import type { Settings } from '../core/contracts/settings.ts';

/** The names that Prometheus wants of what is counted, and of what is measured. */
const prometheusNames = { countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true };

/** Where Temporal's SDK tells its own numbers. */
const metricsOf = ({ metrics }: Pick<Settings, 'metrics'>) => {
  if (metrics?.temporalPort === undefined) return {};
  const host = metrics.host.includes(':') ? `[${metrics.host}]` : metrics.host;
  const bindAddress = `${host}:${metrics.temporalPort}`;
  return { metrics: { prometheus: { bindAddress, ...prometheusNames } } };
};

/** Temporal's own log lines go where ours go; workflow logs carry ids, never payloads. */
export const installRuntime = (log: Log, settings: Pick<Settings, 'metrics'>): void => {
  const logger = new DefaultLogger('WARN', ({ level, message, meta }) => {
    const { error, ...rest } = meta ?? {};
    log[level === 'ERROR' ? 'error' : 'warn'](
      { err: error, workflow: rest['workflowId'], activity: rest['activityType'] },
      message,
    );
  });
  const install = (metrics: ReturnType<typeof metricsOf>): Runtime =>
    Runtime.install({
      logger,
      telemetryOptions: { logging: { forward: {}, filter: 'WARN' }, ...metrics },
      shutdownSignals: [],
    });
  try {
    install(metricsOf(settings));
  } catch (error) {
    // A worker that nobody measures is better than none.
    log.error({ err: error }, 'the numbers of Temporal’s SDK are not told');
    install({});
  }
};
