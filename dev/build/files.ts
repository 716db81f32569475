import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** The digest of what is not there. */
export const absent = 'absent';

/** A file's digest is of its bytes, a folder's of the names in it; {@link absent} when there is neither. */
export async function digestOf(path: string): Promise<string> {
  try {
    const isFolder = (await stat(path)).isDirectory();
    const content = isFolder ? (await readdir(path)).sort().join('\n') : await readFile(path);
    return createHash('sha256').update(content).digest('hex');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return absent;
    throw error;
  }
}

/** The digest of each of some paths, which are below the root or absolute. */
export async function digestOfAll(root: string, paths: readonly string[]): Promise<Record<string, string>> {
  const entries = paths.map(async (path) => [path, await digestOf(resolve(root, path))] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/**
 * True when one of some paths, below the root or absolute, was written at or after a time in Unix milliseconds.
 * What is not there was not written.
 */
export async function haveChangedSince(
  root: string,
  paths: readonly string[],
  timeMs: number,
): Promise<boolean> {
  const times = paths.map((path) =>
    stat(resolve(root, path)).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    ),
  );
  return (await Promise.all(times)).some((time) => time >= timeMs);
}

/** Writes a file so that no reader ever sees half of it. */
export async function replaceFile(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  const draft = `${path}.${process.pid}.draft`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(draft, content);
  await chmod(draft, mode);
  await rename(draft, path);
}
