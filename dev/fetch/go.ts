import { findOnPath, runCommand } from '../command.ts';

const OLDEST = 21;

/**
 * What is missing to build with Go, in one line, or nothing. From 1.21 on Go fetches by itself the newer
 * toolchain that a module asks for.
 */
export async function missingGo(): Promise<string | undefined> {
  if ((await findOnPath('go')) === undefined) {
    return `Go 1.${OLDEST} or newer is needed, which is not on PATH: install it from https://go.dev/dl`;
  }
  const printed = await runCommand('go', ['env', 'GOVERSION']);
  const minor = Number(/^go1\.(\d+)/.exec(printed)?.[1]);
  return minor >= OLDEST
    ? undefined
    : `Go 1.${OLDEST} or newer is needed, here is ${printed.trim()}: update it from https://go.dev/dl`;
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
