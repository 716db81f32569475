/** What the sweep remembers of sessions between two looks, and over a restart. */
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { writeWhole } from '../adapters/wholeFile.ts';
import { accountId, instant } from '../core/contracts/ids.ts';

const knownSession = z.strictObject({
  account: accountId,
  identity: z.uuid(),
  aal: z.string(),
  lastActiveAt: instant,
  /** Nothing more can come of it. */
  isOver: z.boolean(),
});
export type KnownSession = z.infer<typeof knownSession>;

const file = z.strictObject({ since: instant, sessions: z.record(z.uuid(), knownSession) });

export interface SessionMemory {
  /** When this sentinel first started: what ended before that is nobody's news. */
  readonly since: string;
  readonly sessions: Map<string, KnownSession>;
  /** Puts it on the disk, if anything changed. */
  save(): Promise<void>;
}

/** Opens the memory; one that cannot be read is begun anew, and then whoever is inside rings once more. */
export const openSessionMemory = async (path: string, now: () => Date): Promise<SessionMemory> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const read = await load(path);
  const since = read?.since ?? now().toISOString();
  const sessions = new Map(Object.entries(read?.sessions ?? {}));
  const text = (): string => JSON.stringify({ since, sessions: Object.fromEntries(sessions) }, null, 2);
  let saved = read === null ? '' : text();
  const saveNow = async (): Promise<void> => {
    const next = text();
    if (next === saved) return;
    await writeWhole(path, next);
    saved = next;
  };
  let saving = Promise.resolve();
  // One after the other: two at once would take each other's half-written file.
  const save = (): Promise<void> => (saving = saving.catch(() => undefined).then(saveNow));
  await save();
  return { since, sessions, save };
};

const load = async (path: string): Promise<z.infer<typeof file> | null> => {
  try {
    return file.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null;
  }
};
