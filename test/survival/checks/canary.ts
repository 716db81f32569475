/** A rotation's own passwords and seeds as canaries, looked for wherever a process or a crash could have left them. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { createKratosAdmin, createKratosLogin } from '../../../adapters/kratos/index.ts';
import { createLedgerReader } from '../../../adapters/postgres/index.ts';
import type { Progress } from '../../../dev/cache.ts';
import { mustRun } from '../../../dev/stack/cli.ts';
import { withPool } from '../../whole/checks/database.ts';
import { openEverySeal } from '../../whole/checks/outside.ts';
import { filesIn, finder, places, plant, searchFor, watchProcesses } from '../../whole/checks/secrets.ts';
import { startWhole, type Whole } from '../../whole/stack.ts';

/** Besides the places of every case: what a crash, a careless library or an error could leave. */
export const searched = [...places, 'temporary files', 'crash files', 'error objects'] as const;

export interface Canaries {
  /** How many secrets were looked for. */
  readonly secrets: number;
  /** Where a secret was found, by its name: none is to be. */
  readonly found: readonly string[];
  /** Places in which the planted text was found: all are to be. */
  readonly plantedFoundIn: readonly string[];
}

const folderOf = (file: string): string => file.slice(0, file.lastIndexOf('/'));

/** Core dumps, reports and heap snapshots that Node or the kernel writes beside a process. */
const isCrashFile = (name: string): boolean =>
  /^core(\.|$)|^report\..*\.json$|\.(heapsnapshot|heapprofile|cpuprofile|core)$/.test(name);

const crashFilesIn = async (folders: readonly string[], since: number): Promise<string[]> => {
  const files: string[] = [];
  for (const folder of folders)
    for (const name of await readdir(folder)) {
      const file = join(folder, name);
      if (isCrashFile(name) && (await stat(file)).mtimeMs >= since) files.push(file);
    }
  return files;
};

/** Kills the worker as a crash does (SIGABRT), once the rotation under way has set the new password. */
const crashInRotation = async ({ stack, account }: Whole, after: number): Promise<void> => {
  const isSet = (): Promise<boolean> =>
    withPool(stack, async (pool) =>
      (await createLedgerReader(pool).rowsAfter(after, 500)).some(
        ({ resource_id: id, metadata }) => id === account && metadata['step'] === 'password-set',
      ),
    );
  for (let tries = 0; tries < 600 && !(await isSet()); tries += 1) await sleep(20);
  const worker = stack.running.get('worker');
  if (worker === undefined) throw new Error('no worker runs');
  process.kill(worker.pid, 'SIGABRT');
  await worker.exited;
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
    const { stack, account } = whole;
    progress('rotating, and crashing the worker once the new password is set');
    const after = await withPool(stack, async (pool) => (await createLedgerReader(pool).head()).seq);
    const crashed = crashInRotation(whole, after);
    await mustRun(stack.cli, 'omar', 'rotate', account, '--reason', 'canary');
    await crashed;
    await stack.restart('worker');
    await mustRun(stack.cli, 'omar', 'status', account);
    for (let tries = 0; tries < 240 && !(await isProven(whole, after)); tries += 1) await sleep(250);
    if (!(await isProven(whole, after))) throw new Error('the rotation did not finish after the crash');

    progress('opening every seal from shares, and searching');
    const secrets = await openEverySeal(stack, account);
    const planted = await plant(stack, account);
    const wanted = { ...secrets, planted };
    const found: { name: string; place: (typeof searched)[number]; where: string }[] = [
      ...(await searchFor(stack, wanted, await watch.end())),
    ];
    const namesIn = finder(wanted);
    const look = (place: (typeof searched)[number], where: string, content: Buffer): void => {
      for (const name of namesIn(content)) found.push({ name, place, where });
    };
    await writeFile(join(temporary, 'leak'), planted);
    for (const file of await filesIn(temporary, [stack.stateFolder]))
      look('temporary files', file, await readFile(file).catch(() => Buffer.alloc(0)));
    const crashFolders = [process.cwd(), stack.stateFolder, temporary];
    await writeFile(join(stack.stateFolder, 'core.1'), planted);
    for (const file of await crashFilesIn(crashFolders, since))
      look('crash files', folderOf(file), await readFile(file));
    for (const [name, secret] of Object.entries(secrets))
      look('error objects', name, Buffer.from(await errorsOver(whole, secret)));
    look(
      'error objects',
      'planted',
      Buffer.from(inspect(new Error('careless', { cause: { body: planted } }))),
    );
    return {
      secrets: Object.keys(secrets).length,
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

const isProven = ({ stack, account }: Whole, after: number): Promise<boolean> =>
  withPool(stack, async (pool) =>
    (await createLedgerReader(pool).rowsAfter(after, 500)).some(
      ({ resource_id: id, metadata }) => id === account && metadata['step'] === 'proven',
    ),
  );
