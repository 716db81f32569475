/** A file of JSON lines that survives being killed at any point: what is put in it is on the disk. */
import { copyFile, mkdir, open, readFile, rename, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** An entry that is not done, with what has been noted about it since. */
export interface SpoolEntry<T> {
  readonly id: string;
  readonly at: string;
  readonly data: T;
  readonly notes: ReadonlyMap<string, string>;
}

/** Entries are put, noted and done; each promise resolves once its line is synced to the disk. */
export interface Spool<T> {
  /** @returns false when the entry was there already, done or not */
  put(id: string, data: T): Promise<boolean>;
  /** Remembers a step of an entry that is over. */
  note(id: string, name: string, value: string): Promise<void>;
  /** The entry needs nothing more; it is still known for a while. */
  done(id: string): Promise<void>;
  /** The entry was nothing of ours; it is forgotten. */
  drop(id: string): Promise<void>;
  /** An entry that is still known, done or not. */
  find(id: string): SpoolEntry<T> | undefined;
  /** Entries not done, oldest first. */
  pending(): SpoolEntry<T>[];
  /** Every entry that is still known, done or not. */
  known(): SpoolEntry<T>[];
  /** Waits for what was asked so far, then closes the file. */
  close(): Promise<void>;
}

/** Where the spool lies and what it may hold. */
export interface SpoolOptions<T> {
  readonly folder: string;
  readonly schema: z.ZodType<T>;
  readonly now: () => Date;
  /** Milliseconds a done entry is still known, so that the same one is not taken twice; a day when left out. */
  readonly keepDoneMs?: number;
  /** Size in bytes at which the file is rewritten without what is over; 8 MiB when left out. */
  readonly rewriteAtBytes?: number;
  /** Told when lines could not be read; the file as it was is kept beside the new one. */
  readonly onDamage?: (kept: string, lines: number) => void;
}

const line = z.union([
  z.strictObject({ put: z.string(), at: z.string(), data: z.unknown() }),
  z.strictObject({ note: z.string(), name: z.string(), value: z.string() }),
  z.strictObject({ done: z.string(), at: z.string() }),
  z.strictObject({ drop: z.string() }),
]);
type Line = z.infer<typeof line>;

interface Known<T> {
  readonly id: string;
  readonly at: string;
  readonly data: T;
  readonly notes: Map<string, string>;
  doneAt: string | null;
}

const DAY_MS = 24 * 3_600_000;

/**
 * Opens a spool, or makes it; entries that were not done are there again.
 *
 * A line torn by a crash at the file's end was never acknowledged and is dropped. One process at a time.
 */
export const openSpool = async <T>(options: SpoolOptions<T>): Promise<Spool<T>> => {
  const { folder, schema, now, keepDoneMs = DAY_MS, rewriteAtBytes = 8 * 1024 * 1024 } = options;
  const path = join(folder, 'spool.jsonl');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const entries = new Map<string, Known<T>>();

  const apply = (it: Line): boolean => {
    if ('put' in it) {
      const data = schema.safeParse(it.data);
      if (data.success && !entries.has(it.put))
        entries.set(it.put, { id: it.put, at: it.at, data: data.data, notes: new Map(), doneAt: null });
      return data.success;
    }
    if ('drop' in it) {
      entries.delete(it.drop);
      return true;
    }
    const entry = entries.get('note' in it ? it.note : it.done);
    if (entry === undefined) return true;
    if ('note' in it) entry.notes.set(it.name, it.value);
    else entry.doneAt = it.at;
    return true;
  };

  const load = async (): Promise<void> => {
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if (isMissing(error)) return '';
      throw error;
    });
    const lines = text.split('\n');
    // What follows the last line's end is empty, or a line torn by a crash.
    const bad = lines.slice(0, -1).filter((each) => each !== '' && !readLine(each, apply));
    if (bad.length === 0) return;
    const kept = `${path}.damaged-${now().getTime()}`;
    await copyFile(path, kept);
    options.onDamage?.(kept, bad.length);
  };

  const live = (): string => {
    const oldest = new Date(now().getTime() - keepDoneMs).toISOString();
    for (const [id, { doneAt }] of entries) if (doneAt !== null && doneAt < oldest) entries.delete(id);
    return [...entries.values()].flatMap(linesOf).map(asLine).join('');
  };

  const rewrite = async (): Promise<{ file: FileHandle; bytes: number }> => {
    const text = live();
    const fresh = await open(`${path}.new`, 'w', 0o600);
    await fresh.writeFile(text);
    await fresh.sync();
    await fresh.close();
    await rename(`${path}.new`, path);
    await syncFolder(folder);
    return { file: await open(path, 'a', 0o600), bytes: Buffer.byteLength(text) };
  };

  await load();
  let { file, bytes } = await rewrite();
  const waiting: { text: string; resolve: () => void; reject: (error: unknown) => void }[] = [];
  let writing: Promise<void> | null = null;
  let isTorn = false;

  const writeAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.splice(0);
      try {
        // After a write that failed half-way the next line must not be glued to its remains.
        const text = `${isTorn ? '\n' : ''}${batch.map((each) => each.text).join('')}`;
        isTorn = true;
        await file.appendFile(text);
        await file.datasync();
        isTorn = false;
        bytes += Buffer.byteLength(text);
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
      if (bytes > rewriteAtBytes) await replaceFile();
    }
    writing = null;
  };

  const replaceFile = async (): Promise<void> => {
    const before = file;
    try {
      ({ file, bytes } = await rewrite());
      await before.close();
    } catch {
      // The old file is whole and still open: it grows on, and the next write tries again.
      bytes = 0;
    }
  };

  const write = (it: Line): Promise<void> =>
    new Promise((resolve, reject) => {
      waiting.push({ text: asLine(it), resolve, reject });
      writing ??= writeAll();
    });

  return {
    async put(id, data) {
      if (entries.has(id)) return false;
      const it = { put: id, at: now().toISOString(), data };
      apply(it);
      await write(it);
      return true;
    },
    async note(id, name, value) {
      const it = { note: id, name, value };
      apply(it);
      await write(it);
    },
    async done(id) {
      const it = { done: id, at: now().toISOString() };
      apply(it);
      await write(it);
    },
    async drop(id) {
      const it = { drop: id };
      apply(it);
      await write(it);
    },
    find: (id) => entries.get(id),
    pending: () => [...entries.values()].filter(({ doneAt }) => doneAt === null),
    known: () => [...entries.values()],
    async close() {
      await writing;
      await file.close();
    },
  };
};

const asLine = (it: Line): string => `${JSON.stringify(it)}\n`;

const linesOf = <T>({ id, at, data, notes, doneAt }: Known<T>): Line[] => [
  { put: id, at, data },
  ...[...notes].map(([name, value]) => ({ note: id, name, value })),
  ...(doneAt === null ? [] : [{ done: id, at: doneAt }]),
];

const readLine = (text: string, apply: (it: Line) => boolean): boolean => {
  try {
    const parsed = line.safeParse(JSON.parse(text));
    return parsed.success && apply(parsed.data);
  } catch {
    return false;
  }
};

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** A rename is only on the disk once its folder is. */
const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};
