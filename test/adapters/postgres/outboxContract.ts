/** What adapters/postgres/outbox.ts promises, of whichever outbox keeps it. */
import { describe, expect, it } from 'vitest';
import type { Delivery, Outbox } from '../../../adapters/postgres/index.ts';
import type { Ledger } from '../../../core/contracts/ledger.ts';
import { note, sample } from './samples.ts';

/** The time a number of seconds into the test's own day. */
const after = (seconds: number): string => new Date(Date.UTC(2026, 10, 21, 8, 0, seconds)).toISOString();

/** An outbox, another over the same messages, and the ledger that fills them. */
export interface OutboxUnderTest {
  readonly outbox: Outbox;
  readonly fresh: () => Outbox;
  readonly ledger: Ledger;
}

const sayInto =
  (ledger: Ledger) =>
  (...ids: string[]): Promise<void> =>
    ledger.transact(async (tx) => {
      await tx.append(sample(ids.join()));
      for (const id of ids) await tx.enqueue(note(id));
    });

const attempt = (
  id: string,
  channel: string,
  n: number,
  outcome: Delivery['outcome'],
  seconds: number,
): Delivery => ({
  ...{ id, channel, attempt: n, outcome, detail: outcome, at: after(seconds) },
});

const briefly = async (outbox: Outbox, seconds: number, limit = 10): Promise<string[]> =>
  (await outbox.pending(limit, after(seconds))).map(
    ({ message, channel, attempts }) => `${message.id} ${channel} ${attempts}`,
  );

/** @param open - gives an empty one */
export function describeOutbox(name: string, open: () => Promise<OutboxUnderTest>): void {
  const opened = async () => {
    const { ledger, ...it } = await open();
    return { ...it, say: sayInto(ledger) };
  };
  describe(name, () => {
    it('gives each message for each of its channels, with the row that caused it', async () => {
      const { outbox, say } = await opened();
      await say('m1');
      expect(await outbox.pending(10, after(0))).toEqual([
        { message: note('m1'), channel: 'slack', seq: 1, attempts: 0, lastAttemptAt: null },
        { message: note('m1'), channel: 'sns', seq: 1, attempts: 0, lastAttemptAt: null },
      ]);
    });

    it('gives what failed again, with attempts and time of the last, until it is accepted', async () => {
      const { outbox, say } = await opened();
      await say('m1');
      await outbox.recordDelivery(attempt('m1', 'sns', 1, 'accepted', 1));
      await outbox.recordDelivery(attempt('m1', 'slack', 1, 'failed', 1));
      await outbox.recordDelivery(attempt('m1', 'slack', 2, 'failed', 4));
      expect(await outbox.pending(10, after(5))).toEqual([
        { message: note('m1'), channel: 'slack', seq: 1, attempts: 2, lastAttemptAt: after(4) },
      ]);
      await outbox.recordDelivery(attempt('m1', 'slack', 3, 'accepted', 6));
      expect(await outbox.pending(10, after(7))).toEqual([]);
    });

    it('gives fresh messages before failing ones, and of those the one tried longest ago', async () => {
      const { outbox, say } = await opened();
      await say('m1');
      await outbox.recordDelivery(attempt('m1', 'sns', 1, 'failed', 2));
      await outbox.recordDelivery(attempt('m1', 'slack', 1, 'failed', 1));
      await say('m2');
      expect(await briefly(outbox, 3)).toEqual(['m2 slack 0', 'm2 sns 0', 'm1 slack 1', 'm1 sns 1']);
      expect(await briefly(outbox, 3, 3)).toEqual(['m2 slack 0', 'm2 sns 0', 'm1 slack 1']);
    });

    it('leaves out what rests, longer after each failure and never longer than the longest', async () => {
      const { outbox, say } = await opened();
      const backoff = { first: 2, longest: 5 };
      const due = async (seconds: number): Promise<number> =>
        (await outbox.pending(10, after(seconds), backoff)).length;
      await say('m1');
      await outbox.recordDelivery(attempt('m1', 'sns', 1, 'accepted', 0));
      await outbox.recordDelivery(attempt('m1', 'slack', 1, 'failed', 0));
      expect([await due(1), await due(2)]).toEqual([0, 1]);
      await outbox.recordDelivery(attempt('m1', 'slack', 2, 'failed', 10));
      expect([await due(13), await due(14)]).toEqual([0, 1]);
      await outbox.recordDelivery(attempt('m1', 'slack', 60, 'failed', 20));
      expect([await due(24), await due(25)]).toEqual([0, 1]);
    });

    it('forgets nothing it has passed over: the same as one that looks for the first time', async () => {
      const { outbox, fresh, say } = await opened();
      await say('m1', 'm2');
      await say('m3');
      expect(await briefly(outbox, 0)).toHaveLength(6);
      for (const [id, channel] of [
        ['m1', 'sns'],
        ['m3', 'sns'],
        ['m3', 'slack'],
        ['m1', 'slack'],
        ['m2', 'sns'],
        ['m2', 'slack'],
      ] as const) {
        await outbox.recordDelivery(attempt(id, channel, 1, 'accepted', 1));
        expect(await briefly(outbox, 2)).toEqual(await briefly(fresh(), 2));
      }
      expect(await briefly(outbox, 2)).toEqual([]);
      await say('m4');
      expect(await briefly(outbox, 3)).toEqual(['m4 slack 0', 'm4 sns 0']);
    });

    it('cuts what a channel answered, and keeps what Postgres would refuse out of it', async () => {
      const { outbox, say } = await opened();
      await say('m1');
      const detail = `\0${'\u{1f4a5}'.repeat(400)}`;
      await outbox.recordDelivery({ ...attempt('m1', 'sns', 1, 'accepted', 1), detail });
      expect(await briefly(outbox, 2)).toEqual(['m1 slack 0']);
    });

    it('takes no delivery of a message that was never enqueued', async () => {
      const { outbox } = await opened();
      const strange = outbox.recordDelivery(attempt('m9', 'sns', 1, 'accepted', 1));
      await expect(strange).rejects.toMatchObject({
        name: 'DatabaseError',
        constraint: 'outbox_delivery_message',
      });
    });
  });
}
