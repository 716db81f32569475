import { OUTBOX_CHANNEL, type createOutbox } from '../adapters/postgres/index.ts';
import { createDeliveries, type DeliveriesDeps } from './deliveries.ts';
import { listenForWakes } from './wakes.ts';

/** What delivers messages. */
export interface DispatcherDeps extends Omit<DeliveriesDeps, 'now' | 'pause'> {
  readonly pool: Parameters<typeof createOutbox>[0];
  readonly now?: () => Date;
  /** Milliseconds from one sweep to the next; a second when left out. */
  readonly sweepEveryMs?: number;
}

export interface Dispatcher {
  /** Resolves when nothing is under way any more; what was not delivered stays in the outbox. */
  stop(): Promise<void>;
}

const SECOND_MS = 1_000;

/**
 * Delivers what the outbox holds: each message to each of its channels until that channel has taken it. A sweep
 * every second finds everything; a `NOTIFY` only makes it sooner.
 */
export const startDispatcher = async (deps: DispatcherDeps): Promise<Dispatcher> => {
  const { pool, sweepEveryMs = SECOND_MS, now = () => new Date() } = deps;
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, sweepEveryMs));
  const deliveries = createDeliveries({ ...deps, now, pause });
  const sweep = (): void => {
    deliveries.sweep();
  };
  const wakes = listenForWakes(pool, OUTBOX_CHANNEL, sweep, deps.log);
  const timer = setInterval(sweep, sweepEveryMs);
  sweep();
  return {
    async stop() {
      clearInterval(timer);
      const stopped = deliveries.stop();
      await wakes.stop();
      await stopped;
    },
  };
};
