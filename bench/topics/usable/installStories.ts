/** The tries of the set-up that start real servers. */
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, realpath, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { isRoot } from '../../../dev/cache.ts';
import type { Proof } from '../../figure.ts';
import { faultsOf, provoke } from './provoke.ts';
import { asLine, asUser, interrupt, must, nobody, repository, withTakenPort, type Ground } from './tries.ts';

/** A disk that is too small, and one that becomes full in the middle: small file systems in memory. */
export const proveFullDisk = async (proof: Proof, ground: Ground): Promise<void> => {
  if (!isRoot()) return;
  const mounted = async (
    name: string,
    megabytes: number,
    work: (at: string) => Promise<void>,
  ): Promise<void> => {
    const at = join(ground.folder, name);
    await mkdir(at);
    must('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'none', at);
    try {
      await work(at);
    } finally {
      must('umount', '--lazy', at);
    }
  };
  await mounted('small', 64, (at) =>
    provoke(proof, ground, 'a disk with too little room', 'no-space', { env: { BREAKGLASS_STATE: at } }),
  );
  await mounted('filling', 340, async (at) => {
    for (const name of await readdir(ground.cache))
      if (name !== 'clusters') await symlink(join(ground.cache, name), join(at, name));
    // As root the databases lie in the cache: what is left of it goes when the first is being made.
    const filled = (async () => {
      for (let waited = 0; waited < 300_000; waited += 20) {
        if ((await readdir(at)).includes('clusters')) break;
        await sleep(20);
      }
      spawnSync('dd', ['if=/dev/zero', `of=${join(at, 'filler')}`, 'bs=1M']);
    })();
    const env = { BREAKGLASS_CACHE: at, BREAKGLASS_STATE: join(ground.folder, 'beside') };
    await provoke(proof, ground, 'a disk that becomes full', 'disk-full', { env });
    await filled;
  });
};

const tell = (proof: Proof, figure: string, value: number | string, floor: string, ok: boolean): void =>
  proof.report({ figure, value, unit: '', bare: null, floor, ok });

/**
 * One state from its first start to its reset: started again beside itself, killed outright, found again, its port
 * taken, its databases lost, deleted.
 */
export const proveStories = async (proof: Proof, ground: Ground): Promise<void> => {
  const state = join(ground.folder, 'state');
  await mkdir(state);
  const dead = { pid: spawnSync('true').pid, identity: 'of a process that died' };
  await writeFile(join(state, 'run.claim.dead'), JSON.stringify(dead));

  const first = ground.begin({});
  tell(
    proof,
    'a lock of a dead process',
    await first.said(/taking over from process/),
    'taken over, and said',
    true,
  );
  await first.said(/Ctrl-C stops everything/);
  const running = await ground.left();
  const servers = running.filter(({ command }) => /postgres|temporal|kratos/.test(command)).length;
  tell(proof, 'processes while it runs', running.length, 'its servers are found', servers > 5);
  await provoke(proof, ground, 'a second start beside it', 'in-use', {}, running);
  for (const { pid, command } of running)
    if (/node .*dev\/begin\.js|npm/.test(command)) process.kill(pid, 'SIGKILL');
  await first.ended;
  const orphans = (await ground.left()).filter(({ command }) => command.includes('postgres')).length;
  tell(proof, 'orphans of postgres after kill -9', orphans, 'some', orphans > 0);

  const second = ground.begin({});
  await second.said(/ended postgres-ours, left behind by an earlier run/);
  await second.said(/Ctrl-C stops everything/);
  const exit = await interrupt(second);
  const { output } = await second.ended;
  const isFound = exit === 0 && !output.includes('making keys') && !output.includes('provision');
  tell(proof, 'a start after that, then Ctrl-C', exit, 'exit 0, the same state', isFound);
  const left = await ground.left();
  tell(proof, '  left running', left.map(asLine).join('; ') || 0, '0', left.length === 0);

  const ports = z.object({ api: z.number() });
  const { api } = ports.parse(JSON.parse(await readFile(join(state, 'ports.json'), 'utf8')));
  await withTakenPort(() => provoke(proof, ground, "a taken port, the first start's", 'port-taken', {}), api);
  if (isRoot()) {
    const clusters = join(ground.cache, 'clusters');
    must('mv', clusters, `${clusters}.away`);
    await provoke(proof, ground, 'databases deleted with the cache', 'databases-gone', {});
    must('rm', '-rf', clusters);
    must('mv', `${clusters}.away`, clusters);
  }
  const reset = ground.begin({ script: ['start', '--', '--reset', '--yes'] });
  await reset.said(/starting Temporal/);
  await interrupt(reset);
  const ended = await reset.ended;
  const faults = faultsOf(ended, 'interrupted', await ground.left());
  for (const each of faults) proof.say(`  ${each}`);
  tell(
    proof,
    '--reset --yes, then Ctrl-C',
    ended.exit,
    'exit 130, its line, nothing left',
    faults.length === 0,
  );
  const kept = (await readdir(state)).filter((name) => ['people', 'drilled'].includes(name));
  tell(proof, '  left of the state', kept.join(' ') || 0, '0', kept.length === 0);
};

/** As a user who is not root, repository, state and cache each under a path with spaces: a whole first start. */
export const proveSpaces = async (proof: Proof, ground: Ground): Promise<void> => {
  const home = join(ground.folder, 'a home of spaces');
  const clone = join(home, 'my clone');
  await mkdir(home);
  must('git', 'clone', '--quiet', repository, clone);
  if (isRoot()) must('chown', '-R', `${nobody}:${nobody}`, home);
  // Copied, for a link would lead out of the path with spaces.
  must('cp', '-r', await realpath(join(repository, 'node_modules')), clone);
  const { exit, output } = await ground.begin({
    at: clone,
    script: ['start', '--', '--once'],
    before: isRoot() ? asUser(nobody) : [],
    env: { HOME: home, BREAKGLASS_STATE: join(home, 'its state') },
  }).ended;
  const left = await ground.left();
  if (exit !== 0) proof.say(output);
  const figure = isRoot() ? 'spaces in every path, and not root' : 'spaces in every path';
  tell(proof, figure, exit, 'exit 0, nothing left', exit === 0 && left.length === 0);
};
