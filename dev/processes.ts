import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { writeWhole } from './cache.ts';
import { lastLines } from './command.ts';
import { endLeftBehind, signalProcess, type ProcessRecord } from './pidFiles.ts';
import { processIdentity } from './processIdentity.ts';
import { failure } from './setUp/failures.ts';

export { endOrphans } from './pidFiles.ts';

/** What to start, how to know that it is ready, and how to end it. */
export interface ProcessSpec {
  /** One word; names the log and the pid file. */
  readonly name: string;
  readonly command: string;
  /** Never a secret: every user of the machine can read another's arguments. */
  readonly args: readonly string[];
  /** Where logs and pid files are kept; readable by its owner only. */
  readonly stateFolder: string;
  /** Added to {@link plainEnvironment}. */
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** Asked again and again until it says true; an error counts as not yet. Ready at once when left out. */
  readonly ready?: () => Promise<boolean>;
  /** Milliseconds until not being ready is a failure; 30 s when left out. */
  readonly readyWithinMs?: number;
  /** SIGTERM when left out. */
  readonly stopSignal?: 'SIGTERM' | 'SIGINT';
  /**
   * `group` (when left out) signals the process and all it started; `leader` the process alone, for one that
   * ends its own children in order, as Postgres does.
   */
  readonly stopWhom?: 'group' | 'leader';
  /** Milliseconds between the stop signal and SIGKILL; 10 s when left out. */
  readonly stopWithinMs?: number;
}

/** How a process ended: a code, or the signal that ended it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A started process that was ready. */
export interface Running {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Resolves when it has ended, for whatever reason. */
  readonly exited: Promise<Exit>;
  /** Ends it, first politely, and resolves when it is gone. May be called more than once. */
  stop(): Promise<void>;
}

// The shell waits for a line before it becomes the program, and ends if none comes: so there is no moment at
// which the program runs while no pid file names it, even if this process is killed in between. No core dumps,
// since memory holds secrets.
const GATE = 'ulimit -c 0; read -r go || exit 1; exec "$@" </dev/null';

const alive = new Map<number, { readonly record: ProcessRecord; stop(): Promise<void> }>();
process.on('exit', () => {
  for (const { record } of alive.values()) signalProcess(record, record.stopSignal);
});
let isEnding = false;

/** Ends all that this process has started and lets it start nothing more: for its own end, whatever it is in the middle of. */
export async function endAll(): Promise<void> {
  isEnding = true;
  await stopAll([...alive.values()]);
}

/** The part of this process's environment that a server needs; nothing that could hold a secret. */
export function plainEnvironment(): NodeJS.ProcessEnv {
  const wanted = ['PATH', 'HOME', 'USER', 'LANG', 'TMPDIR', 'JAVA_HOME'];
  return Object.fromEntries(wanted.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

/**
 * The command that runs one of our TypeScript files in a Node process of its own.
 *
 * @param file - absolute path of the file
 * @param args - its arguments
 */
export function scriptCommand(
  file: string,
  args: readonly string[] = [],
): Pick<ProcessSpec, 'command' | 'args'> {
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  return { command: process.execPath, args: ['--import', loader, file, ...args] };
}

/**
 * Starts a process in a group of its own, its output going to `logs/NAME.log` in the state folder, and waits
 * until it is ready. One that an earlier, dead run left behind under the same name is ended first.
 *
 * @throws when it cannot be started, ends before it is ready (the message carries the end of its log) or is not
 *   ready in time; nothing is left running then. Also when another living run has it.
 */
export async function startProcess(spec: ProcessSpec): Promise<Running> {
  const logFile = join(spec.stateFolder, 'logs', `${spec.name}.log`);
  const pidFile = join(spec.stateFolder, 'pids', `${spec.name}.json`);
  for (const folder of ['logs', 'pids']) {
    await mkdir(join(spec.stateFolder, folder), { recursive: true, mode: 0o700 });
  }
  await endLeftBehind(pidFile);

  const { child, pid, exited } = await spawnGated(spec, logFile);
  const record: ProcessRecord = {
    name: spec.name,
    pid,
    identity: (await processIdentity(pid)) ?? '',
    parent: { pid: process.pid, identity: (await processIdentity(process.pid)) ?? '' },
    startedAt: Date.now(),
    stopSignal: spec.stopSignal ?? 'SIGTERM',
    stopWhom: spec.stopWhom ?? 'group',
    stopWithinMs: spec.stopWithinMs ?? 10_000,
  };
  const gone = exited.then(async (exit) => {
    alive.delete(pid);
    // What the leader left of its group has nobody to answer to any more.
    signalProcess({ ...record, stopWhom: 'group' }, 'SIGKILL');
    await rm(pidFile, { force: true });
    return exit;
  });

  const running: Running = {
    name: spec.name,
    pid,
    logFile,
    exited: gone,
    stop: async () => {
      if (alive.has(pid)) signalProcess(record, record.stopSignal);
      const late = setTimeout(
        () => signalProcess({ ...record, stopWhom: 'group' }, 'SIGKILL'),
        record.stopWithinMs,
      );
      await gone;
      clearTimeout(late);
    },
  };
  alive.set(pid, { record, stop: () => running.stop() });
  try {
    if (isEnding) throw new Error(`${spec.name} is not started: this process is ending`);
    await writeWhole(pidFile, JSON.stringify(record));
    child.stdin?.on('error', () => undefined).end('go\n');
    await untilReady(spec, gone, logFile);
  } catch (error) {
    await running.stop();
    throw error;
  }
  return running;
}

/**
 * Stops what was started, last first.
 *
 * @throws AggregateError when one or more could not be stopped; the others are stopped all the same
 */
export async function stopAll(started: readonly { stop(): Promise<void> }[]): Promise<void> {
  const errors: unknown[] = [];
  for (const one of started.toReversed()) {
    await one.stop().catch((error: unknown) => errors.push(error));
  }
  if (errors.length > 0) throw new AggregateError(errors, 'some processes could not be stopped');
}

interface Gated {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly exited: Promise<Exit>;
}

async function spawnGated(spec: ProcessSpec, logFile: string): Promise<Gated> {
  // The run before is kept, since its end is what one wants to read after a failed start.
  await rename(logFile, `${logFile}.before`).catch(() => undefined);
  const log = await open(logFile, 'a', 0o600);
  try {
    const child = spawn('/bin/sh', ['-c', GATE, 'sh', spec.command, ...spec.args], {
      detached: true,
      stdio: ['pipe', log.fd, log.fd],
      env: { ...plainEnvironment(), ...spec.env },
      ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
      ...(spec.uid === undefined ? {} : { uid: spec.uid }),
      ...(spec.gid === undefined ? {} : { gid: spec.gid }),
    });
    const exited = new Promise<Exit>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) =>
        reject(new Error(`${spec.name} could not be started: ${error.message}`)),
      );
    });
    if (child.pid === undefined) throw new Error(`${spec.name} has no process id`);
    return { child, pid: child.pid, exited };
  } finally {
    await log.close();
  }
}

async function untilReady(spec: ProcessSpec, gone: Promise<Exit>, logFile: string): Promise<void> {
  if (spec.ready === undefined) return;
  const { ready, readyWithinMs = 30_000 } = spec;
  let exit: Exit | undefined;
  void gone.then((how) => (exit = how));
  const deadline = performance.now() + readyWithinMs;
  while (performance.now() < deadline) {
    if (exit !== undefined) break;
    if (await ready().catch(() => false)) return;
    await sleep(50);
  }
  const details = lastLines(await readFile(logFile, 'utf8').catch(() => ''), 15);
  const where = { name: spec.name, log: logFile };
  if (exit === undefined)
    throw failure('not-ready', { ...where, seconds: readyWithinMs / 1000 }, { details });
  const how = exit.signal ?? `code ${exit.code ?? 'none'}`;
  throw failure('ended-early', { ...where, how }, { details });
}
