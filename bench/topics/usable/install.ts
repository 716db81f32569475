import { spawnSync } from 'node:child_process';
import { chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRoot } from '../../../dev/cache.ts';
import type { WayToFail } from '../../../dev/setUp/failures.ts';
import type { Proof } from '../../figure.ts';
import { proveFullDisk, proveSpaces, proveStories } from './installStories.ts';
import { provoke } from './provoke.ts';
import { asUser, makeGround, nobody, repository, withTakenPort, type Ground, type Try } from './tries.ts';

/** A network in which only loopback is: packets leave for nowhere. */
const withoutNetwork = ['unshare', '--net', 'sh', '-c', 'ip link set lo up; exec "$@"', 'sh'];

/** What there is on a machine that has Node and little else. */
const little = ['node', 'npm', 'sh', 'env', 'tar', 'id', 'ps', 'chmod', 'ip', 'unshare'];

/** The ways of failing that start no server. */
const proveQuick = async (proof: Proof, ground: Ground): Promise<void> => {
  const { folder } = ground;
  const go = (name: string, way: WayToFail, how: Try): Promise<void> =>
    provoke(proof, ground, name, way, how);
  const at = async (name: string, files: Readonly<Record<string, string>>): Promise<NodeJS.ProcessEnv> => {
    await mkdir(join(folder, name));
    for (const [file, text] of Object.entries(files)) await writeFile(join(folder, name, file), text);
    return { BREAKGLASS_STATE: join(folder, name) };
  };
  await go('an unknown option', 'usage', { script: ['start', '--', '--rest'] });
  const clone = join(folder, 'bare clone');
  spawnSync('git', ['clone', '--quiet', repository, clone]);
  await go('npm ci left out', 'not-installed', { at: clone });
  await go('no OpenSSH', 'no-openssh', { env: { PATH: await ground.pathOf('no-ssh', little) } });
  const old = await at('old', { 'breakglass.json': '{"layout":"0","postgres":"17"}' });
  await go('a state of another version', 'other-version', { env: old });
  const older = await at('older', { 'postgres-ours.json': '{}' });
  await go('a state of before versions were kept', 'other-version', { env: older });
  const reset = ['start', '--', '--reset'];
  await go('--reset without a terminal', 'needs-yes', { script: reset, env: older });
  await go("somebody else's folder", 'not-ours', { env: await at('thesis', { 'thesis.tex': '' }) });
  await withTakenPort(async (port) =>
    go('a taken port, given by the user', 'port-taken', {
      script: ['start', '--', '--api-port', String(port)],
      env: await at('ports', {}),
    }),
  );
  if (!isRoot()) {
    proof.say('not root: no tries without a network, as other users, or on a full disk');
    return;
  }

  const empty = { BREAKGLASS_CACHE: join(folder, 'empty cache'), BREAKGLASS_STATE: join(folder, 'unmade') };
  const noGo = { ...empty, PATH: await ground.pathOf('no-go', [...little, 'ssh-keygen']) };
  await go('no network, no Go', 'no-go', { env: noGo, before: withoutNetwork });
  await go('no network', 'no-network', { env: empty, before: withoutNetwork });
  const script = ['run', 'programs'];
  await go('no network, no Java and Maven', 'no-java', {
    script,
    env: { ...noGo, BREAKGLASS_CACHE: ground.cache },
    before: withoutNetwork,
  });

  await go('a user without a name', 'nameless-user', { before: asUser(54_321), env: empty });
  const closed = { TMPDIR: join(folder, 'older') };
  await go('a temporary folder of somebody else', 'no-temp', { before: asUser(nobody), env: closed });
  await go("root's state as another user", 'other-user', { before: asUser(nobody), env: older });
  const theirs = await at('theirs', {});
  await chown(join(folder, 'theirs'), nobody, nobody);
  await go("another user's state as root", 'other-user', { env: theirs });
  await go("root's repository as another user", 'not-allowed', { before: asUser(nobody), env: theirs });
};

/**
 * Each way in which the set-up fails, provoked on this machine: its line, its exit code, and that no process and no
 * port is left. Then the ways that mend themselves.
 */
export const proveInstall = async (proof: Proof): Promise<void> => {
  const ground = await makeGround(proof);
  try {
    await proveQuick(proof, ground);
    await proveFullDisk(proof, ground);
    await proveStories(proof, ground);
    await proveSpaces(proof, ground);
  } finally {
    await ground.remove();
  }
};
