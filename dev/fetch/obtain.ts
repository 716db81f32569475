import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { isRoot, openCache, withLock, type Progress } from '../cache.ts';
import { CommandFailure, findOnPath, isExecutable, lastLine, lastLines, withTicker } from '../command.ts';
import { failure, type SetUpFailure } from '../setUp/failures.ts';
import { downloadRelease, type Release } from './download.ts';

/** A program that could not be downloaded. */
export interface Lacking {
  /** Its name and version. */
  readonly program: string;
  /** Why it could not be downloaded. */
  readonly reason: string;
  /** The environment variable with which a user names a program of their own. */
  readonly variable: string;
}

/** How one server's program is had. */
export interface Recipe {
  readonly name: string;
  readonly version: string;
  /** The environment variable with which a user names a program of their own. */
  readonly variable: string;
  /** The program's file name, in the cache and on PATH. */
  readonly executable: string;
  /** False for a program that cannot say its version: one on PATH could then be any. */
  readonly isLookedForOnPath: boolean;
  /** The version a program says it is; fails when it cannot be run. */
  versionOf(path: string): Promise<string>;
  /** Fails when a new program does not work; for one whose version alone does not show that. */
  tryOut?(path: string): Promise<void>;
  /** The official download for this machine; nothing where there is none. */
  readonly release: Release | undefined;
  readonly build: {
    /** What the person reads while waiting, such as `building from source with Go`. */
    readonly doing: string;
    /** What is missing on this machine for the build; nothing when all is there. */
    missing(without: Lacking): Promise<SetUpFailure | undefined>;
    /**
     * Makes the program.
     *
     * @param work - an empty folder for whatever is needed on the way
     * @param out - the folder in which the executable must be afterwards
     */
    make(work: string, out: string): Promise<void>;
  };
}

/**
 * Gets a server's program: the user's own, else from the cache, else from PATH, else the official download,
 * else built from its registry's sources. Whatever is put into the cache has been run and has printed the pinned
 * version; it is made elsewhere and renamed, so an interrupted run leaves nothing half-made.
 *
 * @returns the program's path
 * @throws one line: what is missing, why it is needed, and what to do
 */
export async function obtain(
  recipe: Recipe,
  progress: Progress,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const own = env[recipe.variable];
  if (own !== undefined && own !== '') return usersOwn(recipe, own, progress);
  const cache = await openCache(env);
  const home = join(cache, `${recipe.name}-${recipe.version}-${platform()}-${arch()}`);
  const cached = join(home, recipe.executable);
  if (await isPinned(recipe, cached)) return cached;
  const onPath = recipe.isLookedForOnPath ? await findOnPath(recipe.executable, env) : undefined;
  if (onPath !== undefined) {
    if (await isPinned(recipe, onPath)) return onPath;
    progress(`${recipe.name}: ${onPath} is not version ${recipe.version}, not used`);
  }
  return withLock(
    cache,
    recipe.name,
    async () => {
      if (!(await isPinned(recipe, cached))) await fill(recipe, cache, home, progress);
      return cached;
    },
    progress,
  );
}

async function usersOwn(recipe: Recipe, path: string, progress: Progress): Promise<string> {
  const version = await tried(recipe, path).catch((error: unknown) => {
    throw failure('own-program', { variable: recipe.variable, path }, { cause: error });
  });
  if (version !== recipe.version) {
    progress(`${recipe.name}: ${path} is ${version}, tried was ${recipe.version}; used since you named it`);
  }
  return path;
}

async function isPinned(recipe: Recipe, path: string): Promise<boolean> {
  if (!(await isExecutable(path))) return false;
  return (await recipe.versionOf(path).catch(() => undefined)) === recipe.version;
}

async function fill(recipe: Recipe, cache: string, home: string, progress: Progress): Promise<void> {
  // A name of its own, since a compiler that outlived its killed run may still write to the old one.
  const half = `${home}-${randomUUID()}.new`;
  // Under the lock nobody else is at it, so what lies here was left by an interrupted run.
  for (const entry of await readdir(cache)) {
    if (entry.startsWith(`${recipe.name}-`) && entry.endsWith('.new')) await remove(join(cache, entry));
  }
  const out = join(half, 'out');
  const prepare = async (): Promise<string> => {
    await remove(half);
    await mkdir(join(half, 'work'), { recursive: true, mode: 0o700 });
    await mkdir(out, { mode: isRoot() ? 0o755 : 0o700 });
    return join(half, 'work');
  };
  try {
    const refused = await download(recipe, prepare, out, progress);
    if (refused !== undefined) await build(recipe, prepare, out, progress, refused);
    await remove(home);
    await rename(out, home);
  } finally {
    await remove(half);
  }
}

/** Gives the reason when the download cannot be used. */
async function download(
  recipe: Recipe,
  prepare: () => Promise<string>,
  out: string,
  progress: Progress,
): Promise<string | undefined> {
  const { name, version, release } = recipe;
  if (release === undefined) return `no official download for ${platform()} ${arch()}`;
  try {
    const work = await prepare();
    const unpacked = await withTicker(`${name} ${version}: downloading`, progress, () =>
      downloadRelease(release, work),
    );
    await rename(unpacked, join(out, recipe.executable));
    await prove(recipe, join(out, recipe.executable));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function build(
  recipe: Recipe,
  prepare: () => Promise<string>,
  out: string,
  progress: Progress,
  refused: string,
): Promise<void> {
  const { name, version, variable } = recipe;
  progress(`${name} ${version}: no download: ${refused}`);
  const lacking = { program: `${name} ${version}`, reason: refused, variable };
  const missing = await recipe.build.missing(lacking);
  if (missing !== undefined) throw missing;
  const work = await prepare();
  await withTicker(`${name} ${version}: ${recipe.build.doing}`, progress, () =>
    recipe.build.make(work, out),
  ).catch((error: unknown) => {
    throw notBuilt(lacking, error);
  });
  await prove(recipe, join(out, recipe.executable));
}

/** How Go and Maven say that a registry is out of reach. */
const outOfReach =
  /dial tcp|no such host|connection refused|i\/o timeout|proxyconnect|TLS handshake timeout|network is unreachable|name resolution|unknown host|connection reset|connect timed out/i;

function notBuilt(lacking: Lacking, error: unknown): SetUpFailure {
  const output = error instanceof CommandFailure ? error.output : String(error);
  const line = output.split('\n').find((each) => outOfReach.test(each));
  const more = { cause: error, details: lastLines(output, 12) };
  if (line === undefined) return failure('not-built', { ...lacking, why: lastLine(error) }, more);
  const host = /https?:\/\/([^/"\s]+)/.exec(line)?.[1];
  // The last of them is the cause of those before it.
  const cause = [...line.matchAll(new RegExp(outOfReach, 'gi'))].at(-1)?.[0] ?? '';
  const why = host === undefined ? line.trim() : `${host} cannot be reached (${cause})`;
  return failure('no-network', { ...lacking, why }, { cause: error });
}

async function tried(recipe: Recipe, path: string): Promise<string> {
  const version = await recipe.versionOf(path);
  await recipe.tryOut?.(path);
  return version;
}

async function prove(recipe: Recipe, path: string): Promise<void> {
  const version = await tried(recipe, path);
  if (version !== recipe.version) {
    throw new Error(`${recipe.name}: what was made says version ${version}, wanted was ${recipe.version}`);
  }
}

async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}
