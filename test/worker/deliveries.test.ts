/** The worker's sending loop, with an outbox whose answers come when the test says. */
import { pino } from 'pino';
import { expect, it } from 'vitest';
import type { PendingDelivery } from '../../adapters/postgres/index.ts';
import { createDeliveries } from '../../worker/deliveries.ts';
import { aMessage } from '../adapters/channels/messages.ts';
import { createMemoryLedger } from '../support/memoryLedger.ts';

it('sends nothing again that was taken while the outbox was being read', async () => {
  const due: PendingDelivery = {
    ...{ message: aMessage({ id: 'm1', channels: ['ops'] }), channel: 'ops', seq: 1 },
    ...{ attempts: 0, lastAttemptAt: null },
  };
  // Each reading is answered by hand, with what was true when it was asked.
  const readings: (() => void)[] = [];
  let isAccepted = false;
  const sent: string[] = [];
  const taken: (() => void)[] = [];
  const deliveries = createDeliveries({
    outbox: {
      pending: () => {
        const answer = isAccepted ? [] : [due];
        return new Promise(
          (resolve) =>
            void readings.push(() => {
              resolve(answer);
            }),
        );
      },
      recordDelivery: () => Promise.resolve(void (isAccepted = true)),
    },
    channels: {
      send: (_, { id }) => {
        sent.push(id);
        return new Promise(
          (resolve) =>
            void taken.push(() => {
              resolve({ acceptedAt: '2026-11-21T08:00:00.000Z', detail: '' });
            }),
        );
      },
    },
    ...{ ledger: createMemoryLedger(), log: pino({ level: 'silent' }), pause: () => Promise.resolve() },
    now: () => new Date('2026-11-21T08:00:00.000Z'),
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));

  deliveries.sweep();
  readings.shift()?.();
  await settle();
  expect(sent).toEqual(['m1']);
  // It is read again while the first is under way; the answer comes once that was taken and recorded.
  deliveries.sweep();
  taken.shift()?.();
  await settle();
  expect(isAccepted).toBe(true);
  readings.shift()?.();
  await settle();

  expect(sent).toEqual(['m1']);
  for (const answer of readings) answer();
  await deliveries.stop();
});
