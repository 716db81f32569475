/** The worker's metrics: its own, and what the ledger tells, as one text. */
import { collectDefaultMetrics, Gauge, measured, Registry } from '../../adapters/metrics/index.ts';
import { within } from '../../adapters/within.ts';
import type { LedgerMetrics } from './ledger.ts';

/** Milliseconds for the ledger to be read; what it takes longer goes on, and the next question finds it done. */
const PATIENCE_MS = 4_000;

export interface WorkerMetrics {
  readonly measured: ReturnType<typeof measured>;
  /** The whole text; never rejects. */
  readonly expose: (now: Date) => Promise<string>;
}

export const createWorkerMetrics = (ledger: LedgerMetrics): WorkerMetrics => {
  const register = new Registry();
  collectDefaultMetrics({ register });
  const isLedgerRead = new Gauge({
    name: 'breakglass_ledger_up',
    help: 'Whether the ledger could be read for this answer; if not, what is counted from it is left out.',
    registers: [register],
  });
  return {
    measured: measured(register),
    expose: async (now) => {
      const told = await within(ledger.expose(now), PATIENCE_MS).catch(() => '');
      isLedgerRead.set(told === '' ? 0 : 1);
      return [await register.metrics(), told].filter((each) => each !== '').join('\n');
    },
  };
};
