import { findOnPath, runCommand } from '../command.ts';
import { failure, type SetUpFailure } from '../setUp/failures.ts';
import type { Lacking } from './obtain.ts';

const OLDEST = 21;

/**
 * What is missing to build with Go, or nothing. From 1.21 on Go fetches by itself the newer toolchain that a
 * module asks for.
 *
 * @param without - which program cannot be had without it, and why
 */
export async function missingGo(without: Lacking): Promise<SetUpFailure | undefined> {
  const needed = `1.${OLDEST}`;
  if ((await findOnPath('go')) === undefined)
    return failure('no-go', { ...without, needed, found: 'not on PATH' });
  const printed = await runCommand('go', ['env', 'GOVERSION']);
  const minor = Number(/^go1\.(\d+)/.exec(printed)?.[1]);
  return minor >= OLDEST
    ? undefined
    : failure('no-go', { ...without, needed, found: `not there, only ${printed.trim()}` });
}

/**
 * Runs the Go tool. Every module it fetches is checked against Go's public checksum database, unless the user
 * switched that off.
 *
 * @see https://go.dev/ref/mod#checksum-database
 */
export async function runGo(
  args: readonly string[],
  where: { readonly cwd: string; readonly bin: string },
): Promise<void> {
  await runCommand('go', args, {
    cwd: where.cwd,
    env: { ...process.env, GOBIN: where.bin, GOWORK: 'off' },
    timeoutMs: 30 * 60_000,
  });
}
