import { chown, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { isRoot, openCache, writeWhole } from '../cache.ts';
import { runCommand } from '../command.ts';
import { processIdentity } from '../processIdentity.ts';
import type { PostgresUser } from './postgresFiles.ts';

const ownerSchema = z.object({ recordFile: z.string(), id: z.string() });

/** The file in which a state folder keeps a cluster's id and password. */
export function recordNameOf(name: string): string {
  return `postgres-${name}.json`;
}

/** Where the state folder keeps a cluster's id and password. */
export function recordFileOf(stateFolder: string, name: string): string {
  return join(stateFolder, recordNameOf(name));
}

async function clustersFolder(stateFolder: string): Promise<string> {
  return isRoot() ? join(await openCache(), 'clusters') : join(stateFolder, 'postgres');
}

/** Where the clusters lie that a state folder has records of, by their names. */
async function recordedClusters(stateFolder: string): Promise<ReadonlyMap<string, string>> {
  const base = await clustersFolder(stateFolder);
  const found = new Map<string, string>();
  for (const file of await readdir(stateFolder)) {
    const name = /^postgres-(\w+)\.json$/.exec(file)?.[1];
    if (name === undefined) continue;
    // As text, since one that is broken must not keep a state from being deleted.
    const id = /"id":"([0-9a-f]{12})"/.exec(await readFile(join(stateFolder, file), 'utf8'))?.[1];
    if (id !== undefined) found.set(name, join(base, `${name}-${id}`));
  }
  return found;
}

/** The data folders, of clusters that a state has records of, in which there is no cluster. */
export async function lostClusters(stateFolder: string): Promise<string[]> {
  const folders = [...(await recordedClusters(stateFolder)).values()].map((folder) => join(folder, 'data'));
  const areThere = await Promise.all(folders.map((folder) => isThere(join(folder, 'PG_VERSION'))));
  return folders.filter((_, at) => areThere[at] === false);
}

/** Deletes the clusters of a state; none of them may run. */
export async function removeClusters(stateFolder: string): Promise<void> {
  for (const folder of (await recordedClusters(stateFolder)).values()) {
    await rm(folder, { recursive: true, force: true });
    await rm(`${folder}.json`, { force: true });
  }
}

/**
 * Makes the folder of a cluster. As root it lies in the cache, since `postgres` must be able to enter it and
 * the state folder is root's alone; otherwise in the state folder.
 *
 * @param id - the cluster's random id, kept in the state folder: a new state folder never meets an old cluster
 */
export async function clusterFolder(
  stateFolder: string,
  name: string,
  id: string,
  user: PostgresUser,
): Promise<string> {
  const base = await clustersFolder(stateFolder);
  const folder = join(base, `${name}-${id}`);
  await mkdir(base, { recursive: true, mode: isRoot() ? 0o755 : 0o700 });
  if (isRoot()) {
    const owner = { recordFile: recordFileOf(stateFolder, name), id };
    await writeWhole(`${folder}.json`, JSON.stringify(owner));
  }
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (user.uid !== undefined && user.gid !== undefined) await chown(folder, user.uid, user.gid);
  return folder;
}

/** As root: deletes the clusters in the cache whose state folder was deleted, since nobody can open them again. */
export async function sweepClusters(): Promise<void> {
  if (!isRoot()) return;
  const base = join(await openCache(), 'clusters');
  const entries = await readdir(base).catch(() => []);
  for (const entry of entries.filter((name) => name.endsWith('.json'))) {
    const ownerFile = join(base, entry);
    const folder = join(base, basename(entry, '.json'));
    const text = await readFile(ownerFile, 'utf8').catch(() => '{}');
    const owner = ownerSchema.safeParse(JSON.parse(text));
    if (!owner.success || (await isWanted(owner.data)) || (await isRunning(join(folder, 'data')))) continue;
    await rm(folder, { recursive: true, force: true });
    await rm(ownerFile, { force: true });
  }
}

async function isWanted(owner: z.infer<typeof ownerSchema>): Promise<boolean> {
  const text = await readFile(owner.recordFile, 'utf8').catch(() => undefined);
  if (text !== undefined) return text.includes(owner.id);
  // A disk that is not mounted now may come back with its state folder.
  return !(await isThere(dirname(dirname(owner.recordFile))));
}

/**
 * Removes `postmaster.pid` where the process id in it now belongs to a stranger, which Postgres cannot tell
 * from a running server; ends a server that runs on this very folder with no living owner.
 */
export async function clearLockFile(dataFolder: string): Promise<void> {
  const pid = await lockingProcess(dataFolder);
  if (pid === undefined) return;
  const command = await runCommand('ps', ['-o', 'command=', '-p', String(pid)]).catch(() => '');
  if (!command.includes(dataFolder)) {
    // Nothing runs under that id: Postgres removes the file itself, after a look at the shared memory.
    if (command !== '') await rm(join(dataFolder, 'postmaster.pid'), { force: true });
    return;
  }
  process.kill(pid, 'SIGINT');
  for (let waited = 0; waited < 20_000 && (await isRunning(dataFolder)); waited += 50) await sleep(50);
}

async function isRunning(dataFolder: string): Promise<boolean> {
  const pid = await lockingProcess(dataFolder);
  return pid !== undefined && (await processIdentity(pid)) !== undefined;
}

async function lockingProcess(dataFolder: string): Promise<number | undefined> {
  const text = await readFile(join(dataFolder, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
