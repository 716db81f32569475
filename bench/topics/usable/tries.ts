import { spawn, spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { constants, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { cacheFolder } from '../../../dev/cache.ts';
import { findOnPath } from '../../../dev/command.ts';
import { kratosBinary } from '../../../dev/fetch/kratos.ts';
import { temporalBinary } from '../../../dev/fetch/temporal.ts';
import type { Proof } from '../../figure.ts';
import { leftIn, type Left } from './leftovers.ts';

export const repository = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

/** A user who owns nothing here. */
export const nobody = 65_534;

/** What makes a command that of another user. */
export const asUser = (uid: number): string[] => [
  'setpriv',
  ...[`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups'],
];

/** Listens on a port while something is done: any, or this one. */
export const withTakenPort = async (work: (port: number) => Promise<void>, port = 0): Promise<void> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  try {
    await work(z.object({ port: z.number() }).parse(server.address()).port);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
};

/** @throws Error when a command of the system fails */
export const must = (command: string, ...args: readonly string[]): void => {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${status ?? 'nothing'}: ${stderr}`);
};

/** What runs on, for people. */
export const asLine = ({ pid, command, ports }: Left): string => `${pid} ${command} ${ports.join(' ')}`;

/** How a set-up is tried. */
export interface Try {
  /** What npm is asked for; `start` when left out. */
  readonly script?: readonly string[];
  /** Another command than npm's. */
  readonly command?: readonly string[];
  /** The folder of the repository; this one when left out. */
  readonly at?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Commands before npm's, such as those that make it another user. */
  readonly before?: readonly string[];
}

/** How it ended. */
export interface Ended {
  readonly exit: number;
  readonly output: string;
}

/** One that runs. */
export interface Trying {
  readonly pid: number;
  /** What it has printed so far. */
  output(): string;
  /** Types something, for one that was given a terminal. */
  type(keys: string): void;
  /** Resolves when it has printed this, fails when it ends before. */
  said(what: RegExp): Promise<string>;
  readonly ended: Promise<Ended>;
}

/** A scratch folder for tries: everything that they start has its path on it somewhere. */
export interface Ground {
  readonly folder: string;
  /** The programs of the servers, so that nothing has to be fetched. */
  readonly cache: string;
  begin(how: Try): Trying;
  /** What still runs of all tries, after two seconds in which the last may end. */
  left(): Promise<readonly Left[]>;
  /** A folder to be used as PATH, with these programs in it and no others. */
  pathOf(name: string, programs: readonly string[]): Promise<string>;
  remove(): Promise<void>;
}

const begin = (how: Try, env: NodeJS.ProcessEnv): Trying => {
  const { script = ['start'], at = repository, before = [] } = how;
  const [command = 'npm', ...args] = [...before, ...(how.command ?? ['npm', ...script])];
  // A group of its own: signals go to npm and all below it, as from a terminal.
  const child = spawn(command, args, {
    cwd: at,
    env: { ...env, ...how.env },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  let isOver = false;
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    // Not `close`: what is left running may hold the output.
    child.once('exit', (code, signal) => {
      isOver = true;
      // As shells tell of one that a signal ended.
      const exit = code ?? (signal === null ? 1 : 128 + constants.signals[signal]);
      setTimeout(() => resolve({ exit, output }), 100);
    });
  });
  const said = async (what: RegExp): Promise<string> => {
    for (;;) {
      const line = output.split('\n').find((each) => what.test(each));
      if (line !== undefined) return line;
      if (isOver) throw new Error(`it ended before it said ${what.source}:\n${output}`);
      await sleep(50);
    }
  };
  const type = (keys: string): void => void child.stdin.write(keys);
  return { pid: child.pid ?? 0, output: () => output, type, said, ended };
};

/** Sends a Ctrl-C to npm and all below it, as a terminal does. */
export const interrupt = async ({ pid, ended }: Trying): Promise<number> => {
  process.kill(-pid, 'SIGINT');
  return (await ended).exit;
};

/** Makes the scratch folder, and gets the servers' programs if this machine has not got them yet. */
export const makeGround = async ({ say }: Pick<Proof, 'say'>): Promise<Ground> => {
  await temporalBinary(say);
  await kratosBinary(say);
  const folder = await mkdtemp(join(tmpdir(), 'breakglass-install-'));
  // Other users try it, too.
  await chmod(folder, 0o755);
  const cache = join(folder, 'cache');
  for (const name of ['cache', 'home', 'tmp']) await mkdir(join(folder, name));
  await chmod(join(folder, 'tmp'), 0o1777);
  for (const name of await readdir(cacheFolder()))
    if (/^(?:temporal|kratos|postgres)-/.test(name))
      await symlink(join(cacheFolder(), name), join(cache, name));
  const env = {
    PATH: process.env['PATH'],
    ...{ HOME: join(folder, 'home'), TMPDIR: join(folder, 'tmp') },
    ...{ BREAKGLASS_CACHE: cache, BREAKGLASS_STATE: join(folder, 'state') },
  };
  const left = async (): Promise<readonly Left[]> => {
    for (let waited = 0; ; waited += 100) {
      const found = await leftIn(folder);
      if (found.length === 0 || waited >= 2_000) return found;
      await sleep(100);
    }
  };
  const pathOf = async (name: string, programs: readonly string[]): Promise<string> => {
    const path = join(folder, name);
    await mkdir(path);
    for (const each of programs) {
      const found = await findOnPath(each);
      if (found !== undefined) await symlink(found, join(path, each));
    }
    return path;
  };
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  return { folder, cache, begin: (how) => begin(how, env), left, pathOf, remove };
};
