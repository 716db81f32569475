import { accessSync, constants, readdirSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import type { PathKind } from '../../core/contracts/settings.ts';

/** Bits of a mode that must not be set. */
const closedTo = { others: 0o007, 'group and others': 0o077 } as const;

const openTo = (path: string, { mode }: Stats, whom: keyof typeof closedTo): string[] =>
  (mode & closedTo[whom]) === 0
    ? []
    : [
        `${path} is open to ${whom} (mode ${(mode & 0o777).toString(8).padStart(4, '0')}): chmod ${
          whom === 'others' ? '0440' : '0400'
        } it, or make it so that only this process’s user reads it`,
      ];

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'is not there',
  EACCES: 'cannot be read by this process’s user',
  EPERM: 'cannot be read by this process’s user',
  ENOTDIR: 'is below something that is no folder',
};

const reasonOf = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  return reasons[code] ?? `cannot be read (${code})`;
};

/** What is wrong with a path of this kind as it lies on the disk now; nothing when all is well. */
export const faultsOfPath = (path: string, kind: PathKind): string[] => {
  try {
    const stats = statSync(path);
    const wantsFolder = kind === 'folder' || kind === 'folder of secrets';
    if (stats.isDirectory() !== wantsFolder)
      return [`${path} is ${wantsFolder ? 'no folder' : 'a folder, not a file'}`];
    accessSync(path, constants.R_OK | (wantsFolder ? constants.X_OK : 0));
    switch (kind) {
      case 'secret file':
        return openTo(path, stats, 'others');
      case 'private file':
        return openTo(path, stats, 'group and others');
      case 'folder of secrets':
        return readdirSync(path).flatMap((name) => {
          const inside = statSync(join(path, name));
          return inside.isFile() ? openTo(join(path, name), inside, 'others') : [];
        });
      default:
        return [];
    }
  } catch (error) {
    return [`${path} ${reasonOf(error)}`];
  }
};
