/** The worker's checkpoints over a real Postgres: on time, at a case's end, refused and rung after a change. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type pg from 'pg';
import { createLedger, createLedgerReader } from '../../adapters/postgres/index.ts';
import { createLog } from '../../adapters/settings/log.ts';
import { createWitnesses, WitnessError } from '../../adapters/witnesses/index.ts';
import { checkpoint as checkpointSchema, signedCheckpoint } from '../../core/contracts/checkpoint.ts';
import type { Checkpoint } from '../../core/contracts/checkpoint.ts';
import type { Message } from '../../core/contracts/ledger.ts';
import { verifyConfigChain } from '../../core/trust/configChain.ts';
import { startCheckpoints, type CheckpointsDeps } from '../../worker/checkpoints/index.ts';
import { caseOne, sample } from '../adapters/postgres/samples.ts';
import { testDatabase, type TestDatabase } from '../support/database.ts';
import { makeOrg, type Org } from '../support/org.ts';

let org: Org;
let folder: string;
let number = 0;

beforeAll(async () => {
  org = await makeOrg();
  folder = await mkdtemp(join(tmpdir(), 'breakglass-checkpoints-'));
});
afterAll(async () => {
  await org.remove();
  await rm(folder, { recursive: true, force: true });
});

interface Started {
  readonly database: TestDatabase;
  readonly pool: pg.Pool;
  readonly rung: Message[];
  readonly append: (more?: Parameters<typeof sample>[1]) => Promise<void>;
  readonly witnessed: () => Promise<Checkpoint[]>;
}

const start = async (more: Partial<CheckpointsDeps> = {}): Promise<Started> => {
  const database = await testDatabase();
  const pool = await database.pool('writer');
  const ledger = createLedger(pool);
  const append: Started['append'] = (fields) =>
    ledger.transact(async (tx) => {
      await tx.append(sample(`row/${(number += 1)}`, fields));
    });
  for (let n = 0; n < 5; n += 1) await append();
  const rung: Message[] = [];
  const path = join(folder, `witness-${(number += 1)}.jsonl`);
  const checkpoints = startCheckpoints({
    pool,
    reader: createLedgerReader(pool),
    sign: (text, namespace) => org.sign('worker', text, namespace),
    configs: () => {
      const verified = verifyConfigChain(org.chain, org.digest);
      if (!verified.ok) throw new Error(verified.why);
      return { ...verified, chain: org.chain };
    },
    file: join(folder, `kept-${number}.json`),
    now: () => new Date(),
    witnesses: (config) => createWitnesses({ ...config, witnesses: { vault: { kind: 'file', path } } }, {}),
    channels: {
      send: (_, message) => {
        rung.push(message);
        return Promise.resolve({ acceptedAt: new Date().toISOString(), detail: 'taken' });
      },
    },
    everySeconds: 1,
    log: createLog('test', 'silent'),
    ...more,
  });
  onTestFinished(() => checkpoints.stop());
  const witnessed: Started['witnessed'] = async () => {
    const text = await readFile(path, 'utf8').catch(() => '');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => checkpointSchema.parse(JSON.parse(signedCheckpoint.parse(JSON.parse(line)).checkpoint)));
  };
  return { database, pool, rung, append, witnessed };
};

const soon = { timeout: 20_000, interval: 100 };

describe('the worker’s checkpoints', () => {
  it('come by the clock, and cover what was added', async () => {
    const { append, witnessed } = await start();
    await vi.waitFor(async () => expect((await witnessed()).at(-1)?.size).toBe(5), soon);
    await append();
    await vi.waitFor(async () => expect((await witnessed()).at(-1)?.size).toBe(6), soon);
  });

  it('come when a case is over, without waiting for the clock; not for any other row', async () => {
    const { append, witnessed } = await start({ everySeconds: 3_600 });
    await vi.waitFor(async () => expect((await witnessed()).length).toBe(1), soon);
    await append();
    const closed = { case: caseOne, event: { type: 'closed' as const, at: '2026-11-21T08:00:00.000Z' } };
    await append({ metadata: { events: [closed] } });
    await vi.waitFor(async () => expect((await witnessed()).map(({ size }) => size)).toEqual([5, 7]), soon);
  });

  it('stop when the owner has cut the tail off with the triggers disabled, and it rings once', async () => {
    const { database, rung, witnessed } = await start();
    await vi.waitFor(async () => expect((await witnessed()).at(-1)?.size).toBe(5), soon);
    const owner = await database.owner();
    await owner.query('SET search_path = breakglass; ALTER TABLE agent_audit_log DISABLE TRIGGER USER');
    await owner.query('DELETE FROM agent_audit_log WHERE seq > 3');
    await vi.waitFor(() => expect(rung.map(({ title }) => title)).toEqual(['The ledger was changed']), soon);
    expect((await witnessed()).every(({ size }) => size === 5)).toBe(true);
  });

  it('go on though a witness takes none, and people are told once that it does not', async () => {
    const taken: number[] = [];
    const { rung } = await start({
      witnesses: () => ({
        names: ['gone', 'there'],
        send: (name, _, { size }) => {
          if (name === 'gone') return Promise.reject(new WitnessError('no answer'));
          taken.push(size);
          return Promise.resolve();
        },
        close: () => undefined,
      }),
    });
    await vi.waitFor(
      () => expect(rung.map(({ title }) => title)).toEqual(['The witness gone takes no checkpoints']),
      soon,
    );
    expect(taken.length).toBeGreaterThanOrEqual(5);
  });
});
