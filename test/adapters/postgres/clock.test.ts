import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type pg from 'pg';
import { keepTime, type Timekeeper } from '../../../adapters/postgres/index.ts';
import { openDatabase, type TestDatabase } from '../../support/database.ts';

const hour = 3_600_000;
let database: TestDatabase;
let pool: pg.Pool;
let time: Timekeeper | null = null;
const said: string[] = [];
const warn = (_: object, text: string): void => void said.push(text);

beforeAll(async () => {
  database = await openDatabase();
  pool = await database.pool('writer');
});
afterEach(async () => {
  vi.useRealTimers();
  said.length = 0;
  await time?.stop();
});
afterAll(() => database.close());

/** Steps this process's clock, as an operator or a broken NTP does; the monotonic clock goes on. */
const step = (ms: number): void => void vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + ms });

/** Minutes by which what is kept is off the time that really is, to the nearest; `+ 0` makes -0 plain. */
const off = (truth: number): number => Math.round(((time?.now().getTime() ?? 0) - truth) / 60_000) + 0;

describe('the database’s time', () => {
  it.each([hour, -hour])('is kept while this machine’s clock steps by %i ms', async (by) => {
    time = keepTime(pool, { warn });
    await time.ready;
    const truth = Date.now();
    step(by);
    expect(off(truth)).toBe(0);
  });

  it.each([hour, -hour])(
    'is taken by a process that begins with a clock %i ms off, which is told',
    async (by) => {
      const truth = Date.now();
      step(by);
      time = keepTime(pool, { warn });
      await time.ready;
      expect(off(truth)).toBe(0);
      expect(said).toEqual(["this machine's clock is not the database's"]);
    },
  );

  /** A database whose clock is set wrong by an hour or so while it runs; it still answers. */
  const stepped = (by: () => number): pg.Pool =>
    ({
      query: (text: string) =>
        pool.query(text.replace('clock_timestamp()', `clock_timestamp() + interval '${by()} ms'`)),
    }) as unknown as pg.Pool;

  it.each([hour, -hour])(
    'is not followed when the database’s own clock steps by %i ms; that is told',
    async (by) => {
      let ahead = 0;
      time = keepTime(
        stepped(() => ahead),
        { warn, everyMs: 20 },
      );
      await time.ready;
      ahead = by;
      await vi.waitFor(() => {
        expect(said).toEqual([expect.stringMatching(/^the database's clock has stepped/)]);
      });
      expect(off(Date.now())).toBe(0);
    },
  );

  it('is followed when machine and database agree that what was kept is wrong, as after a machine slept', async () => {
    let ahead = 0;
    time = keepTime(
      stepped(() => ahead),
      { warn, everyMs: 20 },
    );
    await time.ready;
    ahead = hour;
    step(hour);
    const truth = Date.now();
    await vi.waitFor(() => {
      expect(off(truth)).toBe(0);
    });
    expect(said.filter((each) => each.startsWith("the database's clock"))).toEqual([]);
  });

  it('with the database away, goes on by this machine’s own clock, and is taken as soon as it is back', async () => {
    const truth = Date.now();
    step(hour);
    let isAway = true;
    const query = (text: string): Promise<unknown> =>
      isAway ? Promise.reject(new Error('connect ECONNREFUSED')) : pool.query(text);
    time = keepTime({ query } as unknown as pg.Pool, { warn, everyMs: 20 });
    await time.ready;
    expect(off(truth)).toBe(60);
    expect(said).toEqual(['the time was not read']);
    isAway = false;
    await vi.waitFor(() => {
      expect(off(truth)).toBe(0);
    });
  });
});
