import { spawn, type ChildProcess } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Progress } from './cache.ts';

/** How a command is run to its end. */
export interface CommandOptions {
  readonly cwd?: string;
  /** The whole environment; this process's own when left out. */
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
  readonly gid?: number;
  /** Killed after this many milliseconds; ten minutes when left out. */
  readonly timeoutMs?: number;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  // SIGINT: compilers and Maven then end what they started, too.
  for (const child of running) child.kill('SIGINT');
});

/** A command that could not be run, took too long or exited with another code than 0. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  /** All that it printed. */
  readonly output: string;
  constructor(message: string, output: string) {
    super(message);
    this.output = output;
  }
}

/**
 * Runs a command to its end.
 *
 * @returns what it printed on stdout
 * @throws CommandFailure whose message carries the last lines it printed
 */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const { timeoutMs = 600_000, ...rest } = options;
    const child = spawn(command, args, {
      ...rest,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    running.add(child);
    let stdout = '';
    let both = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      both += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (both += text));
    child.once('error', (error) => {
      running.delete(child);
      reject(new CommandFailure(`${command} could not be run: ${error.message}`, both));
    });
    child.once('close', (code, signal) => {
      running.delete(child);
      const how = `${command} ended with ${code ?? signal ?? 'nothing'}`;
      if (code === 0) resolve(stdout);
      else reject(new CommandFailure(`${how}: ${lastLines(both, 12)}`, both));
    });
  });
}

/** The last lines of a text, without empty ones. */
export function lastLines(text: string, count: number): string {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  return lines.slice(-count).join('\n');
}

/** The last line of what a failed command printed, or of any other error's message. */
export function lastLine(error: unknown): string {
  const text = error instanceof CommandFailure ? error.output : '';
  const [line = ''] = lastLines(text.trim() === '' ? String(error) : text, 1).split('\n');
  return line.trim();
}

/** The full path of an executable on PATH, or nothing. */
export async function findOnPath(
  name: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<string | undefined> {
  for (const folder of (env['PATH'] ?? '').split(delimiter).filter((entry) => entry !== '')) {
    const path = join(folder, name);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

/** True when this process may execute the file. */
export async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/**
 * Does something slow and says so every few seconds.
 *
 * @param what - the work in the person's words, such as `temporal 1.5.1: building from source`
 * @param everyMs - how often to say it
 */
export async function withTicker<T>(
  what: string,
  progress: Progress,
  work: () => Promise<T>,
  everyMs = 5_000,
): Promise<T> {
  const started = performance.now();
  const seconds = (): number => Math.round((performance.now() - started) / 1000);
  progress(`${what} (happens once)`);
  const timer = setInterval(() => progress(`${what}, ${seconds()} s so far (happens once)`), everyMs);
  try {
    const result = await work();
    progress(`${what}: done in ${seconds()} s`);
    return result;
  } finally {
    clearInterval(timer);
  }
}
