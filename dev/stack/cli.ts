import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { main } from '../../client/cli/main.ts';
import { realSurroundings } from '../../client/cli/surroundings.ts';
import { plainEnvironment } from '../processes.ts';

/** How a command of the real CLI ended. */
export interface CliResult {
  readonly exit: number;
  /** Data: JSON when it was run with `--json`. */
  readonly stdout: string;
  /** Prose. */
  readonly stderr: string;
}

/** Runs the built CLI as one person, on that person's own home folder. */
export type RunCli = (person: string, ...args: readonly string[]) => Promise<CliResult>;

/** The home folder of one of the demo's people. */
export const homeOf = (stateFolder: string, person: string): string => join(stateFolder, 'people', person);

const environmentOf = (stateFolder: string, person: string): NodeJS.ProcessEnv => ({
  ...plainEnvironment(),
  ...{ BREAKGLASS_HOME: homeOf(stateFolder, person), NO_COLOR: '1' },
});

/** The same commands within this process: many at once, and none of them waits for a program to load. */
export const createCliWithin =
  (stateFolder: string): RunCli =>
  async (person, ...args) => {
    const said = { stdout: '', stderr: '' };
    const into = (stream: keyof typeof said) => ({ write: (text: string) => (said[stream] += text) });
    const exit = await main(args, {
      ...realSurroundings(),
      ...{ env: environmentOf(stateFolder, person), stdin: Readable.from([]) },
      ...{ stdout: into('stdout'), stderr: into('stderr') },
    });
    return { exit, ...said };
  };

export const createCli =
  (program: string, stateFolder: string): RunCli =>
  (person, ...args) =>
    new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [program, ...args], {
        env: environmentOf(stateFolder, person),
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const stdout: Buffer[] = [];
      const stderr: Buffer[] = [];
      child.stdout.on('data', (piece: Buffer) => stdout.push(piece));
      child.stderr.on('data', (piece: Buffer) => stderr.push(piece));
      child.once('error', reject);
      child.once('close', (code) => {
        const text = (pieces: Buffer[]): string => Buffer.concat(pieces).toString('utf8');
        resolve({ exit: code ?? 1, stdout: text(stdout), stderr: text(stderr) });
      });
    });

/**
 * Runs a command that has to work.
 *
 * @throws Error with what the command said, when its exit code is not 0
 */
export const mustRun = async (cli: RunCli, person: string, ...args: readonly string[]): Promise<string> => {
  const { exit, stdout, stderr } = await cli(person, ...args);
  if (exit !== 0)
    throw new Error(`${person}: breakglass ${args.join(' ')} ended with ${exit}: ${stderr.trim()}`);
  return stdout;
};
