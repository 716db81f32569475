import { statfs } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { cacheFolder } from '../cache.ts';
import { findOnPath } from '../command.ts';
import { failure } from './failures.ts';

/** The name of a user of this machine; the number of one without a name. */
export const userName = (): string => {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.());
  }
};

const hasName = (): boolean => {
  try {
    userInfo();
    return true;
  } catch {
    return false;
  }
};

/** Free megabytes on the disk on which a folder lies, or will lie. */
const freeMegabytes = async (folder: string): Promise<number> => {
  try {
    const { bavail, bsize } = await statfs(folder);
    return Math.floor((bavail * bsize) / 1e6);
  } catch (error) {
    if (dirname(folder) === folder) throw error;
    return freeMegabytes(dirname(folder));
  }
};

/** What a first start writes, and some room to go on: two clusters, Temporal's database, logs. */
export const neededMegabytes = 300;

/**
 * Looks for what a start needs of the machine, besides Node.
 *
 * @throws SetUpFailure the first thing that is missing
 */
export const checkMachine = async (env: NodeJS.ProcessEnv = process.env): Promise<void> => {
  if (!hasName()) throw failure('nameless-user', { uid: process.getuid?.() ?? '?' });
  if ((await findOnPath('ssh-keygen', env)) === undefined) throw failure('no-openssh', {});
};

/**
 * Looks whether state and cache have room, before anything is made.
 *
 * @param stateFolder - where the state lies, or will lie
 * @throws SetUpFailure when one has not
 */
export const checkSpace = async (
  stateFolder: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> => {
  for (const [folder, variable] of [
    [stateFolder, 'BREAKGLASS_STATE'],
    [cacheFolder(env), 'BREAKGLASS_CACHE'],
  ] as const) {
    const free = await freeMegabytes(folder);
    if (free < neededMegabytes)
      throw failure('no-space', { free, needed: neededMegabytes, folder, variable });
  }
};
