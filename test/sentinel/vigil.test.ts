import { createServer } from 'node:http';
import { rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { askHealth } from '../../adapters/askHealth.ts';
import type { Message } from '../../core/contracts/ledger.ts';
import { startVigil } from '../../vigil/index.ts';
import { createPeerWatch } from '../../vigil/peer.ts';
import { createMemoryLedger } from '../support/memoryLedger.ts';
import { acme } from './acme.ts';
import { makeWorld, until } from './harness.ts';

const log = pino({ level: 'silent' });
const allChannels = ['security-chat', 'security-topic'];

/** The worker, watched by the sentinel; what is down is named in `down`. */
const watched = () => {
  const down = new Set<string>();
  const states: { worker?: string } = {};
  const rung: { channel: string; message: Message }[] = [];
  const memory = createMemoryLedger();
  let seconds = 0;
  const tick = createPeerWatch({
    ...{ self: 'sentinel', peer: 'worker', log, config: () => acme() },
    ask: () => Promise.resolve(down.has('worker') ? 'does not answer' : (states.worker ?? null)),
    channels: () => ({
      send: (channel, message) => {
        if (down.has(channel)) return Promise.reject(new Error('down'));
        rung.push({ channel, message });
        return Promise.resolve({ acceptedAt: '2026-11-21T08:00:00.000Z', detail: 'ok' });
      },
    }),
    ledger: {
      transact: (work) => (down.has('postgres') ? Promise.reject(new Error('down')) : memory.transact(work)),
    },
    now: () => new Date(Date.parse('2026-11-21T08:00:00.000Z') + seconds * 1000),
  });
  const ticks = async (n: number): Promise<void> => {
    for (let each = 0; each < n; each += 1) {
      seconds += 10;
      await tick();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const titles = () => rung.map(({ channel, message }) => `${channel}: ${message.title}`).sort();
  return { down, states, rung, memory, ticks, titles };
};

describe('the other process', () => {
  it('rings after three misses in a row, once, on every security channel', async () => {
    const { down, rung, memory, ticks, titles } = watched();
    await ticks(2);
    down.add('worker');
    await ticks(2);
    expect(rung).toEqual([]);
    await ticks(5);

    expect(titles()).toEqual(allChannels.map((each) => `${each}: The worker is silent`));
    expect(rung[0]?.message).toMatchObject({
      severity: 'alarm',
      id: 'vigil/worker/silent/2026-11-21T08:00:20.000Z',
    });
    expect(memory.rows).toMatchObject([
      {
        action: 'break_glass_silence',
        resource_type: 'process',
        resource_id: 'worker',
        actor_id: 'sentinel',
      },
    ]);
  });

  it('does not ring for a restart', async () => {
    const { down, rung, ticks } = watched();
    for (let n = 0; n < 3; n += 1) {
      down.add('worker');
      await ticks(2);
      down.delete('worker');
      await ticks(1);
    }
    expect(rung).toEqual([]);
  });

  it('says when it is back, and rings again for the next silence', async () => {
    const { down, memory, ticks, titles } = watched();
    down.add('worker');
    await ticks(3);
    down.delete('worker');
    await ticks(2);
    expect(titles()).toEqual(
      allChannels.flatMap((each) => [`${each}: The worker is back`, `${each}: The worker is silent`]),
    );
    down.add('worker');
    await ticks(3);
    expect(titles()).toHaveLength(6);
    expect(new Set(memory.rows.map((row) => row.key)).size).toBe(3);
  });

  it('rings for one that speaks and cannot work, and says what it lacks', async () => {
    const { states, rung, ticks, titles } = watched();
    states.worker = 'says that it cannot reach Temporal';
    await ticks(3);
    expect(titles()).toEqual(allChannels.map((each) => `${each}: The worker cannot work`));
    expect(rung[0]?.message.text).toMatch(
      /since then it says that it cannot reach Temporal\..*Mend what it names/,
    );
    delete states.worker;
    await ticks(1);
    expect(titles()).toContain(`${allChannels[0]}: The worker is back`);
  });

  it('rings with postgres and a channel down, and both have it once when they are back', async () => {
    const { down, memory, ticks, titles } = watched();
    for (const each of ['worker', 'postgres', 'security-topic']) down.add(each);
    await ticks(5);
    expect(titles()).toEqual(['security-chat: The worker is silent']);
    expect(memory.rows).toEqual([]);
    down.delete('postgres');
    down.delete('security-topic');
    await ticks(3);

    expect(titles()).toEqual(allChannels.map((each) => `${each}: The worker is silent`));
    expect(memory.rows).toHaveLength(1);
  });
});

describe('the outside address', () => {
  it('is called while the process is well, and not while it is not', async () => {
    let calls = 0;
    const monitor = createServer((_, response) => {
      calls += 1;
      response.end();
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => monitor.once('listening', resolve));
    onTestFinished(() => void monitor.close());
    let lacking: string[] = [];
    const end = startVigil({
      self: 'sentinel',
      settings: {
        ...{ heartbeatSeconds: 10, deadManSeconds: 0.02 },
        deadMan: `http://127.0.0.1:${(monitor.address() as AddressInfo).port}/`,
      },
      ...{ log, config: () => acme(), ledger: createMemoryLedger() },
      cannot: () => Promise.resolve(lacking),
      channels: () => ({ send: () => Promise.reject(new Error('nothing is to be sent')) }),
    });
    await until(() => calls >= 3);
    lacking = ['reach Temporal'];
    await new Promise((resolve) => setTimeout(resolve, 60));
    const before = calls;
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(calls).toBe(before);
    lacking = [];
    await until(() => calls > before);
    await end();
  });

  it('is not called by a sentinel that can no longer write its spool, or has stopped listening', async () => {
    const world = await makeWorld();
    const sentinel = await world.start();
    expect(await sentinel.cannot()).toEqual([]);
    await sentinel.idle();
    await rm(world.folder, { recursive: true });
    expect(await sentinel.cannot()).toEqual(['write its spool']);
    const url = `http://127.0.0.1:${sentinel.port}/healthz`;
    expect(await askHealth(url, 5_000)).toBe('says that it cannot write its spool');

    const other = await makeWorld();
    const stopped = await other.start();
    await stopped.stop();
    expect(await stopped.cannot()).toContain('hear hooks');
  });
});
