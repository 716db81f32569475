import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Ended {
  readonly code: number | string | null;
  readonly stderr: string;
}

/** Runs a script to its end; one that does not end of itself is killed, and has no code. */
const run = (script: string, ...args: string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const command = ['--import', 'tsx', script, ...args];
    const options = { cwd: root, timeout: 60_000, killSignal: 'SIGKILL' } as const;
    execFile(process.execPath, command, options, (error, _stdout, stderr) => {
      resolve({ code: error === null ? 0 : (error.code ?? null), stderr });
    });
  });

// Both have imported the SDK's testing server by then, which keeps a process running.
it.each([
  ['dev/chaos.ts', '--nope', "Unknown option '--nope'"],
  ['bench/prove.ts', 'survival/nope', 'no section nope in survival'],
])(
  '%s says what is wrong, and ends',
  async (script, argument, said) => {
    const { code, stderr } = await run(script, argument);
    expect(stderr).toContain(said);
    expect(code).toBe(2);
  },
  90_000,
);
