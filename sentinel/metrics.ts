import { collectDefaultMetrics, Gauge, Histogram, measured, Registry } from '../adapters/metrics/index.ts';

/** What the sentinel knows of itself. */
export interface SentinelState {
  readonly isSpoolWritable: boolean;
  /** Reports that are not done, and when the oldest came; null when there is none. UTC. */
  readonly pending: number;
  readonly oldest: string | null;
  /** When every identity's sessions were last looked at; null before the first time. UTC. */
  readonly sweptAt: string | null;
}

export interface SentinelMetrics {
  readonly measured: ReturnType<typeof measured>;
  /** @param seconds - from the report of a login until a channel had its alarm */
  readonly onAlarm: (seconds: number) => void;
  readonly expose: (state: SentinelState, now: Date) => Promise<string>;
}

const secondsSince = (at: string, now: Date): number => Math.max(0, (now.getTime() - Date.parse(at)) / 1000);

/**
 * The sentinel's metrics: they need neither Postgres nor Temporal.
 *
 * @param began - when the sentinel started. UTC
 */
export const createSentinelMetrics = (began: string): SentinelMetrics => {
  const register = new Registry();
  collectDefaultMetrics({ register });
  const registers = [register];
  const alarm = new Histogram({
    name: 'breakglass_alarm_seconds',
    help: 'From the report of a login until a channel had taken its alarm; one for each channel.',
    buckets: [0.1, 0.25, 0.5, 1, 2, 3, 5, 10, 30, 60, 300],
    registers,
  });
  const gauge = (name: string, help: string) => new Gauge({ name: `breakglass_${name}`, help, registers });
  const values = {
    pending: gauge('reports_pending', 'Reports of logins that are not done.'),
    oldest: gauge('reports_oldest_seconds', 'How long the oldest of them has waited.'),
    writable: gauge('spool_writable', 'Whether the spool can be written.'),
    swept: gauge(
      'sweep_age_seconds',
      'Since every identity’s sessions were last looked at; counted from the start before that.',
    ),
  };
  return {
    measured: measured(register),
    onAlarm: (seconds) => alarm.observe(seconds),
    expose: (state, now) => {
      values.pending.set(state.pending);
      values.oldest.set(state.oldest === null ? 0 : secondsSince(state.oldest, now));
      values.writable.set(state.isSpoolWritable ? 1 : 0);
      values.swept.set(secondsSince(state.sweptAt ?? began, now));
      return register.metrics();
    },
  };
};
