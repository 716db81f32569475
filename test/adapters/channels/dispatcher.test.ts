import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createChannels } from '../../../adapters/channels/index.ts';
import { createLedger, createOutbox } from '../../../adapters/postgres/index.ts';
import { rowDraft, type Message, type Row } from '../../../core/contracts/ledger.ts';
import { startSlackReceiver, type SlackReceiver } from '../../../dev/servers/slackReceiver.ts';
import { startDispatcher, type Dispatcher } from '../../../worker/dispatcher.ts';
import { acme } from '../../sentinel/acme.ts';
import { openDatabase, type TestDatabase } from '../../support/database.ts';
import { until } from '../../sentinel/harness.ts';
import { aMessage } from './messages.ts';

let database: TestDatabase;
beforeAll(async () => void (database = await openDatabase()));
afterAll(() => database.close());

interface World {
  readonly seniors: SlackReceiver;
  readonly keepers: SlackReceiver;
  /** Writes a row and, with it, messages. */
  say(key: string, ...messages: Message[]): Promise<void>;
  start(sweepEveryMs?: number): Promise<Dispatcher>;
  deliveries(id: string): Promise<{ channel: string; attempt: number; outcome: string; detail: string }[]>;
  rowsOf(id: string): Promise<Row[]>;
}

/** Two channels, a database, and no dispatcher yet. */
const makeWorld = async (): Promise<World> => {
  const folder = await mkdtemp(join(tmpdir(), 'breakglass-dispatcher-'));
  const [seniors, keepers] = [await startSlackReceiver({ port: 0 }), await startSlackReceiver({ port: 0 })];
  await writeFile(join(folder, 'seniors-webhook'), seniors.webhookUrl);
  await writeFile(join(folder, 'keepers-webhook'), keepers.webhookUrl);
  const pool = await database.pool('writer');
  const ledger = createLedger(pool);
  const channels = createChannels({ config: acme(), secretsDir: folder, aws: {} });
  const running: Dispatcher[] = [];
  onTestFinished(async () => {
    for (const each of running) await each.stop();
    await Promise.all([seniors.stop(), keepers.stop(), rm(folder, { recursive: true })]);
  });
  return {
    seniors,
    keepers,
    say: (key, ...messages) =>
      ledger.transact(async (tx) => {
        await tx.append(
          rowDraft.parse({
            ...{ timestamp: '2026-11-21T08:00:00.000Z', actor_id: 'alice', actor_role: 'requester', key },
            ...{ action: 'break_glass_requested', resource_type: 'account', resource_id: 'acme-eu' },
            ...{
              ip_address: null,
              user_agent: null,
              result: 'success',
              case_id: null,
              nonce: null,
              metadata: {},
            },
          }),
        );
        for (const each of messages) await tx.enqueue(each);
      }),
    async start(sweepEveryMs = 50) {
      const dispatcher = await startDispatcher({
        ...{ pool, ledger, channels, sweepEveryMs, log: pino({ level: 'silent' }) },
        outbox: createOutbox(pool),
        backoff: { first: 0.05, longest: 0.05 },
      });
      running.push(dispatcher);
      return dispatcher;
    },
    async deliveries(id) {
      const { rows } = await pool.query<{
        channel: string;
        attempt: number;
        outcome: string;
        detail: string;
      }>('SELECT channel, attempt, outcome, detail FROM outbox_delivery WHERE outbox_id = $1 ORDER BY id', [
        id,
      ]);
      return rows;
    },
    rowsOf: (id) =>
      ledger.transact(async (tx) => {
        const row = await tx.rowByKey(`message/${id}`);
        return row === null ? [] : [row];
      }),
  };
};

const toBoth = (id: string): Message =>
  aMessage({ id, to: ['bob', 'erin'], channels: ['seniors', 'keepers'] });

describe('the dispatcher', () => {
  it('delivers what was there before it started, on each channel once, with one row', async () => {
    const world = await makeWorld();
    await world.say('first', toBoth('first/approvers'));

    const dispatcher = await world.start();
    await until(() => world.seniors.messages().length + world.keepers.messages().length >= 2);
    await dispatcher.stop();

    expect(world.seniors.messages()).toHaveLength(1);
    expect(world.keepers.messages()).toHaveLength(1);
    const deliveries = await world.deliveries('first/approvers');
    expect(deliveries.map(({ channel, attempt, outcome }) => [channel, attempt, outcome]).sort()).toEqual([
      ['keepers', 1, 'accepted'],
      ['seniors', 1, 'accepted'],
    ]);
    const [row] = await world.rowsOf('first/approvers');
    expect(row).toMatchObject({
      action: 'break_glass_message',
      result: 'success',
      resource_id: 'acme-eu',
      metadata: { message: 'first/approvers', to: ['bob', 'erin'], channels: ['seniors', 'keepers'] },
    });
  });

  it('is woken by the row that causes a message, long before its next sweep', async () => {
    const world = await makeWorld();
    await world.start(3_600_000);
    // The first sweep has found nothing when this one has been delivered.
    await world.say('wake', toBoth('wake/approvers'));

    await until(() => world.seniors.messages().length === 1);

    expect(world.seniors.messages()).toHaveLength(1);
  });

  it('goes on with one channel down, and tries that one until it is back', async () => {
    const world = await makeWorld();
    world.keepers.control({ refuse: true });
    const dispatcher = await world.start();

    await world.say('down', toBoth('down/approvers'));
    await until(() => world.seniors.messages().length === 1);
    let failed = 0;
    while (failed < 2) failed = (await world.deliveries('down/approvers')).filter(isFailed).length;
    world.keepers.control({ refuse: false });
    await until(() => world.keepers.messages().length === 1);
    await dispatcher.stop();

    const keepers = (await world.deliveries('down/approvers')).filter(({ channel }) => channel === 'keepers');
    expect(keepers.map(({ attempt }) => attempt)).toEqual(keepers.map((_, n) => n + 1));
    expect(keepers.map(({ outcome }) => outcome)).toEqual([
      ...keepers.slice(1).map(() => 'failed'),
      'accepted',
    ]);
    expect(keepers[0]?.detail).toBe('slack answered 503: service_unavailable');
    expect(world.seniors.messages()).toHaveLength(1);
    expect(await world.rowsOf('down/approvers')).toHaveLength(1);
  });

  it('delivers nothing twice when it is started again', async () => {
    const world = await makeWorld();
    await world.say('again', toBoth('again/approvers'));
    const first = await world.start();
    await until(() => world.seniors.messages().length + world.keepers.messages().length >= 2);
    await first.stop();

    const second = await world.start();
    await world.say('after', aMessage({ id: 'after/approvers', channels: ['seniors'] }));
    await until(() => world.seniors.messages().length >= 2);
    await second.stop();

    expect(world.seniors.messages()).toHaveLength(2);
    expect(world.keepers.messages()).toHaveLength(1);
  });

  it('writes no row while no channel has taken a message', async () => {
    const world = await makeWorld();
    world.seniors.control({ refuse: true });
    const dispatcher = await world.start();

    await world.say('unheard', aMessage({ id: 'unheard/approvers', channels: ['seniors'] }));
    while ((await world.deliveries('unheard/approvers')).length < 2);
    await dispatcher.stop();

    expect(await world.rowsOf('unheard/approvers')).toEqual([]);
  });
});

const isFailed = ({ outcome }: { outcome: string }): boolean => outcome === 'failed';
