import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { processIdentity } from './processIdentity.ts';

const recordSchema = z.object({
  name: z.string(),
  pid: z.int().positive(),
  identity: z.string(),
  parent: z.object({ pid: z.int().positive(), identity: z.string() }),
  startedAt: z.number(),
  stopSignal: z.enum(['SIGTERM', 'SIGINT']),
  stopWhom: z.enum(['group', 'leader']),
  stopWithinMs: z.number(),
});
/** What a pid file says of a process: enough for a later run to end it, and nothing else, safely. */
export type ProcessRecord = z.infer<typeof recordSchema>;

/** Sends a signal to a recorded process or to its whole group; one that is gone already is no error. */
export function signalProcess(record: ProcessRecord, name: NodeJS.Signals): void {
  try {
    process.kill(record.stopWhom === 'group' ? -record.pid : record.pid, name);
  } catch {
    // Gone already.
  }
}

/**
 * Ends every process that an earlier, dead run left behind in this state folder, last started first. A process
 * is only touched if it is the very one that the pid file was written for.
 *
 * @returns the names of those ended
 * @throws when a living run owns the state folder
 */
export async function endOrphans(stateFolder: string): Promise<string[]> {
  const folder = join(stateFolder, 'pids');
  const files = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith('.json'));
  const found = await Promise.all(
    files.map(async (file) => ({ path: join(folder, file), record: await readRecord(join(folder, file)) })),
  );
  const ended: string[] = [];
  for (const { path } of found.sort((a, b) => (b.record?.startedAt ?? 0) - (a.record?.startedAt ?? 0))) {
    const name = await endLeftBehind(path);
    if (name !== undefined) ended.push(name);
  }
  return ended;
}

async function readRecord(pidFile: string): Promise<ProcessRecord | undefined> {
  const text = await readFile(pidFile, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch {
    // Files are written whole, so only a crash of the machine leaves a broken one, and no process outlives that.
    await rm(pidFile, { force: true });
    return undefined;
  }
}

/**
 * Ends the process that a pid file names, if it is still that very process, and removes the file.
 *
 * @returns its name if it had to be ended
 * @throws when the run that started it still lives
 */
export async function endLeftBehind(pidFile: string): Promise<string | undefined> {
  const record = await readRecord(pidFile);
  if (record === undefined) return undefined;
  const { pid, identity, parent, name } = record;
  const runs = async (): Promise<boolean> => (await processIdentity(pid)) === identity;
  if ((await processIdentity(parent.pid)) === parent.identity && (await runs())) {
    throw new Error(
      `${name} (process ${pid}) belongs to process ${parent.pid}, which still runs: stop that first`,
    );
  }
  const wasRunning = await runs();
  if (wasRunning) {
    signalProcess(record, record.stopSignal);
    const deadline = performance.now() + record.stopWithinMs;
    while ((await runs()) && performance.now() < deadline) await sleep(25);
    if (await runs()) signalProcess({ ...record, stopWhom: 'group' }, 'SIGKILL');
    while (await runs()) await sleep(25);
  }
  await rm(pidFile, { force: true });
  return wasRunning ? name : undefined;
}
