import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isRoot } from '../../dev/cache.ts';
import { processIdentity } from '../../dev/processIdentity.ts';
import { explain } from '../../dev/setUp/explain.ts';
import { failure, ways } from '../../dev/setUp/failures.ts';
import { flagsOf } from '../../dev/setUp/flags.ts';
import { checkMachine, checkSpace } from '../../dev/setUp/machine.ts';
import { resetState, type Asking } from '../../dev/setUp/reset.ts';
import { checkVersions, holdState, stateFolderOf, type HeldState } from '../../dev/setUp/state.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

let scratch: string;
let folder: string;
let held: HeldState[];
beforeEach(async () => {
  // As people's folders are: with a space.
  scratch = await mkdtemp(join(tmpdir(), 'breakglass set up-'));
  folder = join(scratch, 'state');
  held = [];
});
afterEach(async () => {
  for (const each of held) await each.release();
  await rm(scratch, { recursive: true, force: true });
});

const hold = async (): Promise<HeldState> => {
  const state = await holdState(folder);
  held.push(state);
  return state;
};

describe('a failure', () => {
  it('is one line with nothing left to fill in, whatever is filled in', () => {
    const { message, exit } = failure('not-ready', { name: 'kratos', seconds: 30, log: '/a b/x\n  {y}' });
    expect(message).toBe(
      'kratos was not ready within 30 s: start again if the machine was busy; otherwise read /a b/x {y}, whose end follows',
    );
    expect(exit).toBe(1);
  });
});

describe('what was asked for', () => {
  it('is nothing in particular, or each of the flags', () => {
    expect(flagsOf([])).toMatchObject({ once: false, reset: false, yes: false, apiPort: undefined });
    const args = ['--once', '--reset', '--yes', '--api-port', '8080'];
    expect(flagsOf(args)).toMatchObject({ once: true, reset: true, yes: true, apiPort: 8080 });
  });

  it.each([
    [['--rest'], /^Unknown option '--rest': npm start -- --help/],
    [['reset'], /^Unexpected argument 'reset'/],
    [['--yes'], /--yes belongs to --reset/],
    [['--api-port', '80'], /from 1024 to 65535, not 80/],
    [['--api-port', 'web'], /from 1024 to 65535, not web/],
  ])('given %j, is refused with what is wrong', (args, line) => {
    expect(() => flagsOf(args)).toThrow(line);
    expect(() => flagsOf(args)).toThrow(expect.objectContaining({ exit: 2 }));
  });
});

describe('where the state lies', () => {
  it.each([
    [{ BREAKGLASS_STATE: '/some where', XDG_STATE_HOME: '/xdg' }, '/some where'],
    [{ BREAKGLASS_STATE: '', XDG_STATE_HOME: '/xdg' }, '/xdg/breakglass'],
    [{ XDG_STATE_HOME: 'not/absolute' }, join(stateFolderOf({}))],
  ])('given %j, is %s', (env, there) => {
    expect(stateFolderOf(env)).toBe(there);
  });
});

describe('the machine', () => {
  it('given no ssh-keygen on PATH, is not enough', async () => {
    await expect(checkMachine({ PATH: scratch })).rejects.toMatchObject({ way: 'no-openssh', exit: 2 });
    await checkMachine();
  });

  it('given a disk without room, is not enough: folder and variable are named', async (context) => {
    if (process.platform !== 'linux') context.skip('no disk here that is always full');
    const inProc = join('/proc', 'breakglass', 'state');
    await expect(checkSpace(inProc)).rejects.toThrow(
      `only 0 MB are free on the disk of ${inProc}, and 300 MB are needed: make room, or set BREAKGLASS_STATE`,
    );
    await expect(checkSpace(scratch, { BREAKGLASS_CACHE: '/proc/x' })).rejects.toThrow(
      'set BREAKGLASS_CACHE',
    );
    await checkSpace(scratch, { BREAKGLASS_CACHE: scratch });
  });
});

describe('a state folder', () => {
  it('that is new is made for its owner only, and found again by the next', async () => {
    const first = await hold();
    expect(first.isNew).toBe(true);
    await checkVersions(first);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    await first.release();
    const second = await hold();
    expect(second.isNew).toBe(false);
    await checkVersions(second);
  });

  it('that a living process has is refused, and its process named', async () => {
    await hold();
    await expect(hold()).rejects.toThrow(
      `${folder} is in use by process ${process.pid}, which runs: end that`,
    );
  });

  it('that a dead process had is taken', async () => {
    await mkdir(folder);
    const claim = { pid: spawnSync('true').pid, identity: 'any' };
    await writeFile(join(folder, 'run.claim.old'), JSON.stringify(claim));
    expect((await hold()).isNew).toBe(true);
  });

  it('that holds something else is refused, and nothing put into it', async () => {
    await mkdir(folder);
    await writeFile(join(folder, 'thesis.tex'), '');
    await expect(hold()).rejects.toMatchObject({ way: 'not-ours', exit: 3 });
    expect(await readdir(folder)).toEqual(['thesis.tex']);
  });

  it('that is another user’s is refused, and both users named', async (context) => {
    if (!isRoot()) context.skip('only root can give a folder away');
    await mkdir(folder);
    await chown(folder, 65534, 65534);
    await expect(hold()).rejects.toThrow(
      `${folder} belongs to user nobody, and this is root: run it as nobody`,
    );
  });

  it.each([
    [
      'other versions',
      { layout: '1', postgres: '17', temporal: '1.5.1', kratos: '1.3.1' },
      /postgres 17, .*; this is .*postgres 18/,
    ],
    ['a layout of later', { layout: '99' }, /made by another version \(layout 99; this is layout 1,/],
    ['what is no stamp', [1], /one that did not write its versions down/],
  ])('with %s is refused', async (_what, stamp, line) => {
    await mkdir(folder);
    await writeFile(join(folder, 'breakglass.json'), JSON.stringify(stamp));
    await expect(checkVersions(await hold())).rejects.toThrow(line);
  });

  it('of before versions were written down is refused, and can be reset', async () => {
    await mkdir(folder);
    await writeFile(join(folder, 'postgres-ours.json'), '{');
    const state = await hold();
    await expect(checkVersions(state)).rejects.toMatchObject({ way: 'other-version', exit: 3 });
    await checkVersions(await resetState(state, { isSure: true, asking: nobody, progress: () => undefined }));
  });
});

const nobody: Asking = { stdin: new PassThrough(), stderr: new PassThrough() };

/** Somebody at a terminal, who types one line. */
const somebody = (line: string): Asking & { readonly asked: () => string } => {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const stderr = Object.assign(new PassThrough(), { isTTY: true });
  stdin.end(line);
  return { stdin, stderr, asked: () => String(stderr.read()) };
};

describe('a reset', () => {
  const made = async (): Promise<HeldState> => {
    const state = await hold();
    await checkVersions(state);
    await writeFile(join(folder, 'kept'), '');
    await state.release();
    return hold();
  };
  const reset = async (state: HeldState, asking: Asking, isSure = false): Promise<HeldState> =>
    resetState(state, { isSure, asking, progress: () => undefined });

  it('without a terminal is refused, the flag named, and nothing deleted', async () => {
    const state = await made();
    await expect(reset(state, nobody)).rejects.toThrow(/no terminal to ask on: give --yes/);
    await expect(reset(state, nobody)).rejects.toMatchObject({ exit: 2 });
    expect(await readdir(folder)).toContain('kept');
  });

  it.each(['no\n', 'y\n', '\n', ''])('given the answer %j, deletes nothing', async (answer) => {
    const state = await made();
    await expect(reset(state, somebody(answer))).rejects.toMatchObject({ way: 'declined', exit: 3 });
    expect(await readdir(folder)).toContain('kept');
  });

  it('given a yes, deletes all but the lock, having said what', async () => {
    const state = await made();
    const asking = somebody('yes\n');
    expect((await reset(state, asking)).isNew).toBe(true);
    expect(asking.asked()).toContain(`deletes all that is in ${folder}`);
    expect(await readdir(folder)).toEqual([expect.stringMatching(/^run\.claim\./)]);
  });

  it('ends what a killed run left running, before it deletes', async () => {
    const state = await made();
    const left = spawn('sleep', ['60'], { detached: true });
    await once(left, 'spawn');
    const pid = left.pid ?? 0;
    const parent = { pid: process.pid, identity: 'a run long dead' };
    const how = { startedAt: 0, stopSignal: 'SIGTERM', stopWhom: 'group', stopWithinMs: 1000 };
    const record = { name: 'left', pid, identity: await processIdentity(pid), parent, ...how };
    await mkdir(join(folder, 'pids'));
    await writeFile(join(folder, 'pids', 'left.json'), JSON.stringify(record));
    await reset(state, nobody, true);
    expect(await processIdentity(pid)).toBeUndefined();
  });

  it('of nothing asks nobody', async () => {
    expect((await reset(await hold(), nobody)).isNew).toBe(true);
  });
});

describe('an error from below', () => {
  const coded = (code: string, path?: string): Error =>
    Object.assign(new Error(`${code}: what the system says, open '${path ?? ''}'`), { code, path });

  it.each([
    ['Node’s own', coded('ENOSPC', '/x')],
    ['a cause’s', new Error('sealing', { cause: coded('EDQUOT') })],
    ['one of many', new AggregateError([new Error('other'), coded('ENOSPC')], 'some')],
    ['a compiler’s', new Error('go ended with 1: write /tmp/x.o: no space left on device')],
    [
      'a server’s log',
      failure(
        'ended-early',
        { name: 'postgres', how: 'code 1', log: '/l' },
        { details: 'FATAL: No space left on device' },
      ),
    ],
  ])('given a full disk, %s, is a full disk', (_whose, error) => {
    expect(explain(error)).toMatchObject({ way: 'disk-full', exit: 1 });
  });

  it('given a file it may not write, names it and the user', () => {
    const line = explain(coded('EACCES', '/root/dist'))?.message;
    expect(line).toMatch(/^user \w+ may not write \/root\/dist: give that to \w+ with chown/);
  });

  it('given a package that is not there, names it', () => {
    const error = Object.assign(new Error("Cannot find package 'hono' imported from /x/y.ts"), {
      code: 'ERR_MODULE_NOT_FOUND',
    });
    expect(explain(error)?.message).toMatch(/^hono is not in node_modules: run npm ci/);
  });

  it('given any other, is none that its user can act on', () => {
    expect(explain(new TypeError('x is not a function'))).toBeUndefined();
    expect(explain(coded('ENOENT', '/x'))).toBeUndefined();
  });
});

/** Runs `dev/begin.js`, or a copy of it, as npm does. */
const begin = (at: string, args: readonly string[], env = {}): { status: number | null; stderr: string } => {
  const { PATH, HOME } = process.env;
  const options = {
    cwd: at,
    env: { PATH, HOME, BREAKGLASS_STATE: folder, ...env },
    encoding: 'utf8',
  } as const;
  return spawnSync(process.execPath, [...args, 'dev/begin.js', 'dev/start.ts'], options);
};

describe('npm start', () => {
  const filled = (way: keyof typeof ways, values: Readonly<Record<string, string>>): string =>
    `stopped: ${ways[way].what}: ${ways[way].remedy}\n`.replaceAll(
      /\{(\w+)\}/g,
      (_, name: string) => values[name] ?? '?',
    );

  it.each([
    [
      'an old Node',
      'versions.node',
      '18.19.1',
      filled('node-too-old', { found: '18.19.1', needed: '20.19' }),
    ],
    [
      'a Node a little too old',
      'versions.node',
      '20.18.9',
      filled('node-too-old', { found: '20.18.9', needed: '20.19' }),
    ],
    ['Windows', 'platform', 'win32', filled('windows', {})],
  ])('given %s, says so and ends with 2', async (_what, name, value, line) => {
    const preload = join(scratch, 'preload.cjs');
    const [last = '', ...before] = name.split('.').toReversed();
    const owner = ['process', ...before].join('.');
    const property = JSON.stringify({ value, configurable: true });
    await writeFile(preload, `Object.defineProperty(${owner}, '${last}', ${property});\n`);
    expect(begin(root, ['--require', preload])).toMatchObject({ status: 2, stderr: line });
  });

  it('given no node_modules, says so and ends with 2', async () => {
    for (const file of ['package.json', 'dev/begin.js']) {
      await mkdir(join(scratch, 'clone', file, '..'), { recursive: true });
      await writeFile(join(scratch, 'clone', file), await readFile(join(root, file)));
    }
    const said = begin(join(scratch, 'clone'), []);
    expect(said).toMatchObject({ status: 2, stderr: filled('not-installed', { missing: 'tsx' }) });
  });

  it('given a temporary folder that cannot be written, says so and ends with 2', async () => {
    const file = join(scratch, 'a file');
    await writeFile(file, '');
    const { status, stderr } = begin(root, [], { TMPDIR: file });
    expect(stderr).toMatch(/^stopped: .*a file\/tsx-\d+ cannot be written \(ENOTDIR\): set TMPDIR to/);
    expect(status).toBe(2);
  });

  it('given a state that is in use, says so, ends with 3 and leaves it as it was', async () => {
    await hold();
    const before = await readdir(folder);
    const values = { folder, pid: String(process.pid) };
    expect(begin(root, [])).toMatchObject({ status: 3, stderr: filled('in-use', values) });
    expect(await readdir(folder)).toEqual(before);
  });
});
