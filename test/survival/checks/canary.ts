/** A rotation's own passwords and seeds as canaries, looked for wherever a process or a crash could have left them. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { StepName } from '../../../activities/rotation/steps.ts';
import { createKratosAdmin, createKratosLogin } from '../../../adapters/kratos/index.ts';
import { createLedgerReader } from '../../../adapters/postgres/index.ts';
import type { Progress } from '../../../dev/cache.ts';
import { mustRun } from '../../../dev/stack/cli.ts';
import { withPool } from '../../whole/checks/database.ts';
import { openEverySeal } from '../../whole/checks/outside.ts';
import {
  createSearch,
  filesIn,
  places,
  plant,
  searchFor,
  watchProcesses,
  type Read,
} from '../../whole/checks/secrets.ts';
import { startWhole, type Whole } from '../../whole/stack.ts';

/** Besides the places of every case: what a crash, a careless library or an error could leave. */
export const searched = [...places, 'temporary files', 'crash files', 'error objects'] as const;

export interface Canaries {
  /** How many secrets were looked for. */
  readonly secrets: number;
  /** The last step of the rotation that the ledger had when its worker was dead; it was not over. */
  readonly crashedAfter: string;
  /** How much was read of each kind of place, what was planted there among it. */
  readonly read: ReadonlyMap<string, Readonly<Read>>;
  /** Where a secret was found, by its name: none is to be. */
  readonly found: readonly string[];
  /** Places in which the planted text was found: all are to be. */
  readonly plantedFoundIn: readonly string[];
}

/**
 * The least that must have been read of each kind of place, in contents (files, rows, texts) and bytes: about a third of
 * what was. A temporary or crash file is nothing that must be there; that their folders were looked through is.
 */
export const leastRead: Readonly<Record<string, Read>> = {
  logs: { contents: 3, bytes: 5_000 },
  temporal: { contents: 1, bytes: 100_000 },
  postgres: { contents: 300, bytes: 5_000_000 },
  'postgres, as a dump': { contents: 30, bytes: 20_000 },
  'state folder': { contents: 20, bytes: 20_000 },
  'processes, cmdline': { contents: 20, bytes: 1_000 },
  'processes, environ': { contents: 10, bytes: 5_000 },
  'temporary files': { contents: 1, bytes: 1 },
  'crash files': { contents: 1, bytes: 1 },
  'names in the folders of crash files': { contents: 20, bytes: 200 },
  'error objects': { contents: 5, bytes: 5_000 },
};
/** Password and seed of the first pair, of the attempt that crashed, of the one after it; the crashed one has no seed. */
export const leastSecrets = 5;

/** The kinds of place of which too little was read. */
export const tooLittleRead = (read: Canaries['read']): string[] =>
  Object.entries(leastRead).flatMap(([kind, { contents, bytes }]) => {
    const had = read.get(kind);
    return had !== undefined && had.contents >= contents && had.bytes >= bytes ? [] : [kind];
  });

/** Core dumps, reports and heap snapshots that Node or the kernel writes beside a process. */
const isCrashFile = (name: string): boolean =>
  /^core(\.|$)|^report\..*\.json$|\.(heapsnapshot|heapprofile|cpuprofile|core)$/.test(name);

const namesIn = async (folders: readonly string[]): Promise<string[]> =>
  (
    await Promise.all(
      folders.map(async (folder) => (await readdir(folder)).map((name) => join(folder, name))),
    )
  ).flat();

const crashFilesAmong = async (files: readonly string[], since: number): Promise<string[]> => {
  const crashed: string[] = [];
  for (const file of files)
    if (isCrashFile(basename(file)) && (await stat(file)).mtimeMs >= since) crashed.push(file);
  return crashed;
};

/** The steps that the account's rotations have written since a row of the ledger. */
const stepsSince = ({ stack, account }: Whole, after: number): Promise<string[]> =>
  withPool(stack, async (pool) =>
    (await createLedgerReader(pool).rowsAfter(after, 500)).flatMap(({ resource_id: id, metadata }) =>
      id === account && typeof metadata['step'] === 'string' ? [metadata['step']] : [],
    ),
  );
const begun: StepName = 'password-set';
const over: StepName = 'proven';

/**
 * Kills the worker as a crash does (SIGABRT), once the rotation under way has set the new password.
 *
 * @returns the last step that it had written
 * @throws Error when the rotation never came so far, or was over before the worker died
 */
const crashInRotation = async (whole: Whole, after: number): Promise<string> => {
  const worker = whole.stack.running.get('worker');
  if (worker === undefined) throw new Error('no worker runs');
  for (let tries = 0; tries < 600 && !(await stepsSince(whole, after)).includes(begun); tries += 1)
    await sleep(20);
  process.kill(worker.pid, 'SIGABRT');
  const { signal } = await worker.exited;
  if (signal !== 'SIGABRT') throw new Error(`the worker ended by ${signal ?? 'itself'}, not by the crash`);
  const steps = await stepsSince(whole, after);
  if (!steps.includes(begun) || steps.includes(over))
    throw new Error(`the worker died outside of a rotation: after ${steps.at(-1) ?? 'no step'}`);
  return steps.at(-1) ?? '';
};

/** What errors say that were thrown over a request with this secret in it, all of their members included. */
const errorsOver = async ({ stack, account }: Whole, secret: string): Promise<string> => {
  const { publicUrl, adminUrl } = stack.servers.kratos;
  const id = '5f0c0e7e-6f43-4a0e-9a54-0d0f4c1d6a01';
  const identifier = `${account}@nowhere.example`;
  const closed = 'http://127.0.0.1:1';
  const calls: Promise<unknown>[] = [publicUrl, closed].flatMap((url) => {
    const login = createKratosLogin({ publicUrl: url, timeoutMs: 5_000 });
    return [
      login.login({ identifier, password: secret }),
      login.loginSecondFactor({ sessionToken: secret, code: '000000' }),
      login.beginTotp({ sessionToken: secret }),
    ];
  });
  for (const url of [adminUrl, closed])
    calls.push(createKratosAdmin({ adminUrl: url, timeoutMs: 5_000 }).setPassword(id, secret));
  const outcomes = await Promise.allSettled(calls);
  return outcomes
    .map((each) =>
      inspect(each.status === 'rejected' ? (each.reason as unknown) : each.value, {
        depth: Infinity,
        showHidden: true,
        maxStringLength: Infinity,
      }),
    )
    .join('\n');
};

/**
 * Provisions, rotates with a crash in the middle, and looks for every password and seed that was ever sealed in
 * every place, and for a text that was planted in each of them.
 */
export const searchForCanaries = async (progress: Progress): Promise<Canaries> => {
  // Its own, so that what others leave in the machine's is not read.
  const temporary = await mkdtemp(join(tmpdir(), 'breakglass-canary-'));
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = temporary;
  const since = Date.now();
  const watch = watchProcesses();
  let whole: Whole | null = null;
  try {
    whole = await startWhole({ progress });
    const running = whole;
    const { stack, account } = running;
    progress('rotating, and crashing the worker once the new password is set');
    const after = await withPool(stack, async (pool) => (await createLedgerReader(pool).head()).seq);
    const crashed = crashInRotation(running, after);
    await mustRun(stack.cli, 'omar', 'rotate', account, '--reason', 'canary');
    const crashedAfter = await crashed;
    await stack.restart('worker');
    await mustRun(stack.cli, 'omar', 'status', account);
    const isProven = async (): Promise<boolean> => (await stepsSince(running, after)).includes(over);
    for (let tries = 0; tries < 240 && !(await isProven()); tries += 1) await sleep(250);
    if (!(await isProven())) throw new Error('the rotation did not finish after the crash');

    progress('opening every seal from shares, and searching');
    const secrets = await openEverySeal(stack, account);
    const planted = await plant(stack, account);
    const wanted = { ...secrets, planted };
    const search = createSearch<(typeof searched)[number]>(wanted);
    const { look, found } = search;
    await searchFor(stack, search, await watch.end());
    await writeFile(join(temporary, 'leak'), planted);
    for (const file of await filesIn(temporary, [stack.stateFolder]))
      look('temporary files', file, await readFile(file).catch(() => Buffer.alloc(0)));
    await writeFile(join(stack.stateFolder, 'core.1'), planted);
    const names = await namesIn([process.cwd(), stack.stateFolder, temporary]);
    for (const name of names)
      look('crash files', name, Buffer.from(name), 'names in the folders of crash files');
    for (const file of await crashFilesAmong(names, since))
      look('crash files', dirname(file), await readFile(file));
    for (const [name, secret] of Object.entries(secrets))
      look('error objects', name, Buffer.from(await errorsOver(running, secret)));
    look(
      'error objects',
      'planted',
      Buffer.from(inspect(new Error('careless', { cause: { body: planted } }))),
    );
    return {
      secrets: Object.keys(secrets).length,
      crashedAfter,
      read: search.read,
      found: found.filter(({ name }) => name !== 'planted').map((each) => `${each.name}: ${each.where}`),
      plantedFoundIn: searched.filter((place) =>
        found.some((each) => each.name === 'planted' && each.place === place),
      ),
    };
  } finally {
    await watch.end();
    await whole?.remove();
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
    await rm(temporary, { recursive: true, force: true });
  }
};
