/** The outbox's contract in memory, over the messages of a ledger in memory. */
import { DatabaseError } from '../../adapters/postgres/errors.ts';
import type { Outbox, PendingDelivery } from '../../adapters/postgres/index.ts';
import type { MemoryLedger } from './memoryLedger.ts';

/** What is known of one message on its way to one channel. */
interface Way {
  attempts: number;
  lastAttemptAt: string | null;
  isAccepted: boolean;
}

export const createMemoryOutbox = ({
  messages,
  causes,
}: Pick<MemoryLedger, 'messages' | 'causes'>): Outbox => {
  const ways = new Map<string, Way>();
  const wayOf = (id: string, channel: string): Way => {
    const name = `${channel} ${id}`;
    const way = ways.get(name) ?? { attempts: 0, lastAttemptAt: null, isAccepted: false };
    ways.set(name, way);
    return way;
  };
  const all = (): PendingDelivery[] =>
    messages.flatMap((message) =>
      message.channels.toSorted().flatMap((channel) => {
        const { attempts, lastAttemptAt, isAccepted } = wayOf(message.id, channel);
        const seq = causes.get(message.id) ?? 0;
        return isAccepted ? [] : [{ message, channel, seq, attempts, lastAttemptAt }];
      }),
    );
  const since = ({ lastAttemptAt }: PendingDelivery): number => Date.parse(lastAttemptAt ?? '') || 0;
  return {
    pending: (limit, now, backoff) => {
      const isDue = (each: PendingDelivery): boolean => {
        if (each.lastAttemptAt === null || backoff === undefined) return true;
        const rests = Math.min(backoff.first * 2 ** (each.attempts - 1), backoff.longest);
        return since(each) + rests * 1000 <= Date.parse(now);
      };
      const due = all().filter(isDue);
      return Promise.resolve(due.toSorted((one, other) => since(one) - since(other)).slice(0, limit));
    },
    recordDelivery: ({ id, channel, outcome, at }) => {
      if (!causes.has(id)) {
        const of = { table: 'outbox_delivery', constraint: 'outbox_delivery_message' };
        return Promise.reject(new DatabaseError('recording a delivery', '23503', 'no such message', of));
      }
      const way = wayOf(id, channel);
      way.attempts += 1;
      if (way.lastAttemptAt === null || way.lastAttemptAt < at) way.lastAttemptAt = at;
      way.isAccepted ||= outcome === 'accepted';
      return Promise.resolve();
    },
  };
};
