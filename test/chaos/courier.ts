/** The worker's own sending loop over an outbox in memory; now and then the worker is killed between two of its calls. */
import { setImmediate } from 'node:timers/promises';
import { pino } from 'pino';
import type { Channels } from '../../adapters/channels/index.ts';
import type { Outbox, PendingDelivery } from '../../adapters/postgres/index.ts';
import type { Ledger } from '../../core/contracts/ledger.ts';
import { createDeliveries, type Deliveries } from '../../worker/deliveries.ts';
import type { MemoryLedger } from '../support/memoryLedger.ts';
import { createMemoryOutbox } from '../support/memoryOutbox.ts';
import type { Faults } from './faults.ts';
import type { Random } from './random.ts';

/** What a sending loop could do wrong. */
export type BrokenCourier =
  'a message is given up once its channel failed' | 'a message is noted as taken before it is sent';

export interface CourierDeps {
  readonly ledger: MemoryLedger;
  /** The same, failing as all that lies in Postgres. */
  readonly reached: Ledger;
  readonly faults: Faults;
  readonly channels: Pick<Channels, 'send'>;
  readonly clock: () => Date;
  /** Takes what is logged. */
  readonly say: (line: string) => void;
  /** Whether this is to be broken now. */
  readonly isBroken: (how: BrokenCourier) => boolean;
}

/** How often a look at the outbox is the last of its worker, and the most calls that it still makes. */
const killed = 0.1;
const lastCalls = 8;

const nameOf = ({ message, channel }: Pick<PendingDelivery, 'message' | 'channel'>): string =>
  `${channel} ${message.id}`;

export const createCourier = ({ ledger, reached, faults, channels, clock, say, isBroken }: CourierDeps) => {
  const kept = createMemoryOutbox(ledger);
  const outbox: Outbox = faults.failing('postgres', kept);
  const log = pino({ level: 'warn' }, { write: say });
  const lost = { failing: '', givenUp: '' };

  /** The loop of one worker, whose calls end with its life. */
  const hire = (): { readonly life: { left: number }; readonly deliveries: Deliveries } => {
    const life = { left: Infinity };
    const alive = <T>(work: () => Promise<T>): Promise<T> => {
      life.left -= 1;
      return life.left >= 0 ? work() : Promise.reject(new Error('the worker was killed'));
    };
    const deliveries = createDeliveries({
      outbox: {
        pending: (limit, now, backoff) =>
          alive(async () => {
            const due = await outbox.pending(limit, now, backoff);
            const [first] = due;
            if (first !== undefined && isBroken('a message is noted as taken before it is sent')) {
              lost.failing = nameOf(first);
              const said = { outcome: 'accepted', detail: '', at: now } as const;
              await kept.recordDelivery({ ...said, ...first, id: first.message.id, attempt: 1 });
            }
            return due.filter((each) => nameOf(each) !== lost.givenUp);
          }),
        recordDelivery: (it) => alive(() => outbox.recordDelivery(it)),
      },
      ledger: { transact: (work) => alive(() => reached.transact(work)) },
      channels: {
        send: (channel, message) =>
          alive(() => {
            const name = nameOf({ message, channel });
            if (isBroken('a message is given up once its channel failed')) lost.failing = lost.givenUp = name;
            if (lost.failing === name) return Promise.reject(new Error('the channel refused'));
            return channels.send(channel, message);
          }),
      },
      ...{ log, now: clock, pause: () => alive(() => setImmediate()) },
    });
    return { life, deliveries };
  };

  let worker = hire();
  return {
    /** One look at the outbox, and all that follows from it; a worker that dies of it is followed by another. */
    async deliver(random: Random): Promise<void> {
      const { life, deliveries } = worker;
      if (random.chance(killed)) life.left = random.int(lastCalls);
      deliveries.sweep();
      await deliveries.idle();
      if (life.left < Infinity) worker = hire();
    },
    /** Whether the outbox has nothing left, by its own word. */
    isDone: async (): Promise<boolean> => (await kept.pending(1, clock().toISOString())).length === 0,
  };
};
