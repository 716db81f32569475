import { appendFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { openSpool, type Spool, type SpoolOptions } from '../../adapters/spool.ts';

const newFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'breakglass-spool-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
};

const noon = new Date('2026-11-21T12:00:00.000Z');
const open = async (folder: string, options: Partial<SpoolOptions<number>> = {}): Promise<Spool<number>> => {
  const spool = await openSpool({ folder, schema: z.number(), now: () => noon, ...options });
  onTestFinished(() => spool.close());
  return spool;
};

const file = (folder: string): string => join(folder, 'spool.jsonl');
const idsOf = (spool: Spool<number>): string[] => spool.pending().map(({ id }) => id);

describe('a spool', () => {
  it('has an entry on the disk once it is put', async () => {
    const folder = await newFolder();
    const spool = await open(folder);

    await spool.put('a', 1);

    expect(await readFile(file(folder), 'utf8')).toBe(
      '{"put":"a","at":"2026-11-21T12:00:00.000Z","data":1}\n',
    );
  });

  it('takes an entry once, even after it is done', async () => {
    const spool = await open(await newFolder());

    const answers = await Promise.all([spool.put('a', 1), spool.put('a', 2)]);
    await spool.done('a');
    answers.push(await spool.put('a', 3));

    expect(answers).toEqual([true, false, false]);
    expect(idsOf(spool)).toEqual([]);
  });

  it('gives back what is not done, with its notes, in order, after a restart without a close', async () => {
    const folder = await newFolder();
    const spool = await open(folder);
    await Promise.all(['a', 'b', 'c'].map((id, n) => spool.put(id, n)));
    await spool.note('a', 'rang/chat', 'at noon');
    await spool.done('b');

    const again = await open(folder);

    expect(idsOf(again)).toEqual(['a', 'c']);
    expect(again.find('a')).toMatchObject({ data: 0, notes: new Map([['rang/chat', 'at noon']]) });
    expect(again.known().map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });

  it('forgets what was dropped at once and what is done after a day', async () => {
    const folder = await newFolder();
    const spool = await open(folder);
    for (const id of ['a', 'b']) await spool.put(id, 1);
    await spool.drop('a');
    await spool.done('b');

    const sameDay = await open(folder);
    const nextDay = await open(folder, { now: () => new Date('2026-11-22T12:00:01.000Z') });

    expect(sameDay.known().map(({ id }) => id)).toEqual(['b']);
    expect(nextDay.known()).toEqual([]);
    expect(await readFile(file(folder), 'utf8')).toBe('');
  });

  it('drops a line torn by a crash, and the next line is whole', async () => {
    const folder = await newFolder();
    await (await open(folder)).put('a', 1);
    await appendFile(file(folder), '{"put":"torn","at":"20');

    const again = await open(folder);
    await again.put('b', 2);
    const third = await open(folder);

    expect(idsOf(third)).toEqual(['a', 'b']);
  });

  it('keeps the file as it was, and says so, when lines cannot be read', async () => {
    const folder = await newFolder();
    await (await open(folder)).put('a', 1);
    await appendFile(file(folder), 'not json\n{"put":"b","at":"x","data":"no number"}\n');
    const told: [string, number][] = [];

    const again = await open(folder, { onDamage: (kept, lines) => told.push([kept, lines]) });

    expect(idsOf(again)).toEqual(['a']);
    expect(told).toEqual([[`${file(folder)}.damaged-${String(noon.getTime())}`, 2]]);
    expect(await readdir(folder)).toHaveLength(2);
  });

  it('rewrites itself when it has grown, and loses nothing', async () => {
    const folder = await newFolder();
    const spool = await open(folder, { rewriteAtBytes: 500, keepDoneMs: -1 });
    await spool.put('kept', 0);

    for (let n = 0; n < 50; n += 1) {
      await spool.put(`p${String(n)}`, n);
      await spool.done(`p${String(n)}`);
    }

    expect((await readFile(file(folder), 'utf8')).length).toBeLessThan(700);
    expect(idsOf(await open(folder))).toEqual(['kept']);
  });

  it('says what was acknowledged before the file was cut off at any byte', async () => {
    const folder = await newFolder();
    const spool = await open(folder);
    const acknowledged: { readonly bytes: number; readonly pending: string[] }[] = [];
    const steps = [
      () => spool.put('a', 1),
      () => spool.note('a', 'rang', 'x'),
      () => spool.put('b', 2),
      () => spool.done('a'),
      () => spool.put('ç', 3),
    ];
    for (const step of steps) {
      await step();
      acknowledged.push({ bytes: (await readFile(file(folder))).length, pending: idsOf(spool) });
    }
    await spool.close();
    const whole = await readFile(file(folder));

    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length }), async (cut) => {
        const other = await mkdtemp(join(tmpdir(), 'breakglass-spool-'));
        await appendFile(file(other), whole.subarray(0, cut));
        const after = await open(other);
        const last = acknowledged.filter(({ bytes }) => bytes <= cut).at(-1)?.pending ?? [];
        expect(idsOf(after)).toEqual(last);
        await after.close();
        await rm(other, { recursive: true });
      }),
      { numRuns: 60 },
    );
  });
});
