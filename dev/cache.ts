import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { processIdentity } from './processIdentity.ts';

/** Takes one line for the person waiting: what is being done, how long it has taken. */
export type Progress = (line: string) => void;

/** True when this process runs as root, whom Postgres refuses to serve. */
export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * The folder, outside the repository, for what is downloaded or built once.
 *
 * @param env - `BREAKGLASS_CACHE` names it outright, `XDG_CACHE_HOME` moves the usual place
 * @param asRoot - root's own home is closed to the `postgres` user, who must read part of the cache, so root's
 *   lies under /var/cache
 * @see XDG Base Directory Specification
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env, asRoot: boolean = isRoot()): string {
  const given = env['BREAKGLASS_CACHE'];
  if (given !== undefined && given !== '') return resolve(given);
  if (asRoot) return '/var/cache/breakglass';
  const base = env['XDG_CACHE_HOME'];
  return join(base?.startsWith('/') === true ? base : join(homedir(), '.cache'), 'breakglass');
}

/** The cache folder, made if it is not there: readable by all as root, else by its owner only. */
export async function openCache(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const folder = cacheFolder(env);
  await mkdir(folder, { recursive: true, mode: isRoot() ? 0o755 : 0o700 });
  return folder;
}

const claimSchema = z.object({ pid: z.int().positive(), identity: z.string() });

/** A lock that is had, or the process that has it. */
export type Taken = { release(): Promise<void> } | { readonly holder: number };

/**
 * Takes a lock if no living process has it. Two that try at the same moment may both be told of the other.
 *
 * Each contender puts down a claim file of its own and then looks for others: whoever sees a living one steps
 * back. A claim is written before anybody's list is read, so two cannot both see themselves alone; and because
 * names are never used twice, the claim of a dead process can be swept away without a race.
 *
 * @param folder - where the claims lie; must exist
 * @param name - what is locked, a file name
 * @param progress - told when a dead process had it
 */
export async function takeLock(
  folder: string,
  name: string,
  progress: Progress = () => undefined,
): Promise<Taken> {
  const mine = join(folder, `${name}.claim.${randomUUID()}`);
  const release = (): Promise<void> => rm(mine, { force: true });
  const claim = { pid: process.pid, identity: await processIdentity(process.pid) };
  try {
    await writeWhole(mine, JSON.stringify(claim));
    const holder = await livingClaim(folder, name, mine, progress);
    if (holder === undefined) return { release };
    await release();
    return { holder };
  } catch (error) {
    await release();
    throw error;
  }
}

/**
 * Does some work while no other process does work under the same name; waits for its turn.
 *
 * @param folder - where the claims lie; must exist
 * @param name - what is locked, a file name
 * @param work - run while the lock is held
 * @param progress - told once when another process holds it, and when a dead one did
 * @param retryMs - about how long to wait between two tries
 */
export async function withLock<T>(
  folder: string,
  name: string,
  work: () => Promise<T>,
  progress: Progress = () => undefined,
  retryMs = 200,
): Promise<T> {
  let told = false;
  for (;;) {
    const taken = await takeLock(folder, name, progress);
    if ('release' in taken) {
      try {
        return await work();
      } finally {
        await taken.release();
      }
    }
    if (!told) progress(`${name}: waiting for process ${taken.holder}, which is at it already`);
    told = true;
    // Uneven waits, so that two who stepped back together do not meet again.
    await sleep(retryMs * (0.5 + Math.random()));
  }
}

async function livingClaim(
  folder: string,
  name: string,
  mine: string,
  progress: Progress,
): Promise<number | undefined> {
  for (const entry of await readdir(folder)) {
    const path = join(folder, entry);
    if (!entry.startsWith(`${name}.claim.`) || entry.endsWith('.new') || path === mine) continue;
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    // Files are written whole, so only a crash of the machine leaves a broken one, and no process outlives that.
    const claim = claimSchema.safeParse(parsed(text)).data;
    if (claim !== undefined && (await processIdentity(claim.pid)) === claim.identity) return claim.pid;
    await rm(path, { force: true });
    progress(`${name}: taking over from process ${claim?.pid ?? 'unknown'}, which died while it was at it`);
  }
  return undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Writes a file so that a reader sees all of it or none, readable by its owner only. */
export async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
