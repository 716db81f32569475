import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  createLedger,
  createLedgerReader,
  LEDGER_CHANNEL,
  OUTBOX_CHANNEL,
} from '../../../adapters/postgres/index.ts';
import { message } from '../../../core/contracts/ledger.ts';
import { testDatabase } from '../../support/database.ts';
import { createMemoryLedger } from '../../support/memoryLedger.ts';
import { describeLedger } from './ledgerContract.ts';
import { note, sample } from './samples.ts';

describeLedger('the ledger in Postgres', async () => {
  const database = await testDatabase();
  const pool = await database.pool('writer');
  return {
    ledger: createLedger(pool),
    rows: () => createLedgerReader(pool).rowsAfter(0, 1000),
    messages: async () => {
      const found = await pool.query('SELECT message FROM outbox ORDER BY seq');
      return z
        .array(z.object({ message }))
        .parse(found.rows)
        .map((each) => each.message);
    },
  };
});

describeLedger('the ledger in memory', () => {
  const ledger = createMemoryLedger();
  return Promise.resolve({
    ledger,
    rows: () => Promise.resolve(ledger.rows),
    messages: () => Promise.resolve(ledger.messages),
  });
});

describe('the connections of the ledger in Postgres', () => {
  it('come back clean after work that failed: the pool holds one, and it serves the next', async () => {
    const pool = await (await testDatabase()).pool('writer', 1);
    const ledger = createLedger(pool);
    for (const key of ['a', 'b']) {
      await expect(
        ledger.transact(async (tx) => {
          await tx.append(sample(key));
          throw new Error('no');
        }),
      ).rejects.toThrow('no');
    }
    expect((await ledger.transact((tx) => tx.append(sample('c')))).seq).toBe(1);
    expect([pool.totalCount, pool.idleCount]).toEqual([1, 1]);
  });

  it('may be ended by the server during the work: nothing is written, a retry is invited, the next call works', async () => {
    const database = await testDatabase();
    const pool = await database.pool('writer', 1);
    const superuser = await database.superuser();
    const ledger = createLedger(pool);
    const cut = ledger.transact(async (tx) => {
      await tx.append(sample('a'));
      await superuser.query(
        `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'test writer' AND datname = $1`,
        [database.name],
      );
      await tx.append(sample('b'));
    });
    await expect(cut).rejects.toMatchObject({ name: 'DatabaseUnavailable', retryable: true });
    expect((await ledger.transact((tx) => tx.append(sample('a')))).seq).toBe(1);
  });

  it('say that the database is unavailable when nothing listens', async () => {
    const database = await testDatabase();
    const pool = new pg.Pool({ host: database.cluster.host, port: 1 });
    const lost = createLedger(pool).transact((tx) => tx.rowByKey('a'));
    await expect(lost).rejects.toMatchObject({ name: 'DatabaseUnavailable', code: 'ECONNREFUSED' });
    await pool.end();
  });

  it('give up waiting for the ledger, with an invitation to retry, when another transaction does not end', async () => {
    const database = await testDatabase();
    const holder = createLedger(await database.pool('writer', 1));
    const impatient = await database.pool('writer', 1);
    impatient.on('connect', (client) => void client.query(`SET lock_timeout = '50ms'`));
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let holds = (): void => undefined;
    const isHeld = new Promise<void>((resolve) => (holds = resolve));
    const holding = holder.transact(() => {
      holds();
      return held;
    });
    await isHeld;
    try {
      const waiting = createLedger(impatient).transact((tx) => tx.rowByKey('a'));
      await expect(waiting).rejects.toMatchObject({ name: 'DatabaseUnavailable', code: '55P03' });
    } finally {
      release();
      await holding;
    }
  });

  it('tell listeners the number of the last row, and nothing else, once it is committed', async () => {
    const database = await testDatabase();
    const listener = await database.superuser();
    const heard: (string | undefined)[][] = [];
    listener.on('notification', ({ channel, payload }) => heard.push([channel, payload]));
    await listener.query(`LISTEN ${LEDGER_CHANNEL}`);
    await listener.query(`LISTEN ${OUTBOX_CHANNEL}`);
    const ledger = createLedger(await database.pool('writer'));
    await expect(
      ledger.transact(async (tx) => {
        await tx.append(sample('undone'));
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    await ledger.transact((tx) => tx.rowByKey('only read'));
    await ledger.transact(async (tx) => {
      await tx.append(sample('a'));
      await tx.append(sample('b'));
      await tx.enqueue(note('m1'));
    });
    await listener.query('SELECT 1');
    expect(heard).toEqual([
      [LEDGER_CHANNEL, '2'],
      [OUTBOX_CHANNEL, '2'],
    ]);
  });

  it('never show what was sent in an error', async () => {
    const database = await testDatabase();
    const pool = await database.pool('writer');
    const ledger = createLedger(pool);
    await ledger.transact((tx) => tx.append(sample('s3cret-key')));
    const failed: unknown = await ledger
      .transact((tx) => tx.append(sample('s3cret-key')))
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(Error);
    expect(JSON.stringify(failed, Object.getOwnPropertyNames(failed))).not.toContain('s3cret');
  });
});
