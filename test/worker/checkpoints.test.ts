/** The worker's checkpoints, over a ledger that can be changed behind its back. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ChannelError } from '../../adapters/channels/index.ts';
import { createLog } from '../../adapters/settings/log.ts';
import type { Message, Row } from '../../core/contracts/ledger.ts';
import { openCheckpoint } from '../../core/trust/checkpoint.ts';
import { verifyConfigChain } from '../../core/trust/configChain.ts';
import { createRinger, faultMessage } from '../../worker/checkpoints/ring.ts';
import { createTaker, type TakeDeps, type Taken } from '../../worker/checkpoints/take.ts';
import { createMemoryLedger, type MemoryLedger } from '../support/memoryLedger.ts';
import { makeOrg, type Org } from '../support/org.ts';
import { kinds, mutate, seeded } from '../survival/checks/ledger.ts';

let org: Org;
let ledger: MemoryLedger;
let rows: readonly Row[];
let file: string;
let number = 0;
let read: number[];

beforeAll(async () => {
  org = await makeOrg();
});
afterAll(() => org.remove());

const append = async (count: number): Promise<void> => {
  for (let n = 0; n < count; n += 1) {
    number += 1;
    await ledger.transact((tx) =>
      tx.append({
        ...{ timestamp: '2026-11-21T10:00:00.000Z', actor_id: 'ana', actor_role: 'approver' },
        ...{ action: 'break_glass_refused', resource_type: 'account', resource_id: 'acme-eu' },
        ...{ ip_address: null, user_agent: null, result: 'refused', case_id: null, nonce: null },
        ...{ key: `row/${number}`, metadata: {} },
      }),
    );
  }
  rows = [...ledger.rows];
};

beforeEach(async () => {
  ledger = createMemoryLedger();
  file = join(org.folder, `checkpoint-${(number += 1)}.json`);
  read = [];
  await append(9);
});

const configs = () => {
  const verified = verifyConfigChain(org.chain, org.digest);
  if (!verified.ok) throw new Error(verified.why);
  return { ...verified, chain: org.chain };
};
const deps = (more: Partial<TakeDeps> = {}): TakeDeps => ({
  reader: {
    rowsAfter: (seq, limit) => {
      read.push(seq);
      return Promise.resolve(rows.filter((row) => row.seq > seq).slice(0, limit));
    },
  },
  sign: (text, namespace) => org.sign('worker', text, namespace),
  configs,
  file,
  now: () => new Date('2026-11-21T10:00:00.000Z'),
  ...more,
});
const must = (taken: Taken): Extract<Taken, { ok: true }> => {
  if (!taken.ok) throw new Error(taken.fault.message);
  return taken;
};

describe('the worker', () => {
  it('signs what the ledger is, and later what it has grown to, reading only what is new', async () => {
    const take = createTaker(deps());
    const first = must(await take());
    await append(3);
    read = [];
    const second = must(await take());

    expect([first.checkpoint.size, second.checkpoint.size]).toEqual([9, 12]);
    for (const { signed, checkpoint } of [first, second])
      expect(openCheckpoint(signed, configs().configs)).toEqual({ ok: true, checkpoint });
    expect(Math.min(...read)).toBe(8);
    expect(second.checkpoint.head).toBe(rows.at(-1)?.hash);
  });

  it('goes on after a restart from what it kept, not from what the database says', async () => {
    must(await createTaker(deps())());
    rows = rows.slice(0, 5);
    expect(await createTaker(deps())()).toMatchObject({ ok: false, fault: { why: 'cut', firstBad: 6 } });
  });

  it.each(kinds)(
    'refuses to sign a ledger that was %s, and signs again once it is as it was',
    async (kind) => {
      const take = createTaker(deps());
      must(await take());
      const random = seeded(7);
      const before = rows;
      const kept = await readFile(file, 'utf8');
      for (let n = 0; n < 10; n += 1) {
        rows = mutate(kind, before, before.length, random).rows;
        expect((await createTaker(deps())()).ok).toBe(false);
        expect(await readFile(file, 'utf8')).toBe(kept);
      }
      rows = before;
      expect((await take()).ok).toBe(true);
    },
  );

  it('sees a rewrite or a cut tail without a restart, at the next minute', async () => {
    const take = createTaker(deps());
    must(await take());
    const before = rows;
    for (const kind of ['cut', 'rewritten'] as const) {
      rows = mutate(kind, before, before.length, seeded(8)).rows;
      expect((await take()).ok).toBe(false);
      rows = before;
      must(await take());
    }
  });

  it('refuses to begin anew when its file is damaged: it says which', async () => {
    must(await createTaker(deps())());
    for (const text of [
      '',
      '{}',
      (await readFile(file, 'utf8')).replace(/"frontier":\["./, '"frontier":["0'),
    ]) {
      await writeFile(file, text);
      await expect(createTaker(deps())()).rejects.toThrow(`${file} is damaged`);
    }
    await rm(file);
    expect((await createTaker(deps())()).ok).toBe(true);
  });

  it('gives nothing out that nobody could verify: a key that the config does not name', async () => {
    const sign: TakeDeps['sign'] = (text, namespace) => org.sign('bob', text, namespace);
    await expect(createTaker(deps({ sign }))()).rejects.toThrow('would convince nobody');
  });
});

describe('the alarm of a changed ledger', () => {
  const log = createLog('test', 'silent');

  it('rings on every security channel once, and on one that was down when it is back', async () => {
    must(await createTaker(deps())());
    rows = rows.slice(0, 2);
    const taken = await createTaker(deps())();
    if (taken.ok) throw new Error('it was signed');
    const { config } = configs().current;
    const message = faultMessage({ ...config, security: { channels: ['ops', 'other'] } }, taken);
    const sent: string[] = [];
    let isDown = true;
    const ring = createRinger(
      {
        send: (channel, { id }: Message) => {
          if (channel === 'other' && isDown)
            return Promise.reject(new ChannelError({ channel, retryable: true, reason: 'down' }));
          sent.push(`${channel} ${id}`);
          return Promise.resolve({ acceptedAt: '2026-11-21T10:00:00.000Z', detail: 'taken' });
        },
      },
      log,
    );
    await ring(message);
    await ring(message);
    isDown = false;
    await ring(message);
    await ring(message);

    expect(sent).toEqual([`ops ${message.id}`, `other ${message.id}`]);
    expect(message).toMatchObject({
      severity: 'alarm',
      account: null,
      text: expect.stringContaining('its tail was cut off') as string,
    });
    expect(message.to).toContain('mona');
  });
});
