import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheFolder, withLock } from '../../dev/cache.ts';
import { processIdentity } from '../../dev/processIdentity.ts';

describe('where the cache lies', () => {
  const cases = [
    [{ BREAKGLASS_CACHE: '/somewhere', XDG_CACHE_HOME: '/xdg' }, true, '/somewhere'],
    [{ XDG_CACHE_HOME: '/xdg' }, true, '/var/cache/breakglass'],
    [{ XDG_CACHE_HOME: '/xdg' }, false, '/xdg/breakglass'],
    [{ BREAKGLASS_CACHE: '', XDG_CACHE_HOME: '/xdg' }, false, '/xdg/breakglass'],
  ] as const;

  it.each(cases)('given %j and root %s, it is %s', (env, asRoot, folder) => {
    expect(cacheFolder(env, asRoot)).toBe(folder);
  });

  it('given nothing and no root, it is under the home folder', () => {
    expect(cacheFolder({}, false)).toMatch(/\.cache\/breakglass$/);
  });
});

describe('the lock', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'breakglass-lock-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('given many contenders, never lets two work at once, and lets each have its turn', async () => {
    let inside = 0;
    let most = 0;
    const work = async (): Promise<void> => {
      inside += 1;
      most = Math.max(most, inside);
      for (let i = 0; i < 5; i++) await turn();
      inside -= 1;
    };
    const contenders = Array.from({ length: 8 }, () => withLock(folder, 'thing', work, undefined, 5));
    await Promise.all(contenders);
    expect(contenders).toHaveLength(8);
    expect(most).toBe(1);
  });

  it('given work that fails, passes the failure on and is free again', async () => {
    const failing = withLock(folder, 'thing', () => Promise.reject(new Error('broken')));
    await expect(failing).rejects.toThrow('broken');
    expect(await readdir(folder)).toEqual([]);
    expect(await withLock(folder, 'thing', () => Promise.resolve('mine'))).toBe('mine');
  });

  it('given another name, does not wait', async () => {
    const inner = (): Promise<string> => withLock(folder, 'b', () => Promise.resolve('both'));
    expect(await withLock(folder, 'a', inner)).toBe('both');
  });

  it('given the claim of a process that is dead, takes the lock and sweeps the claim away', async () => {
    const dead = spawnSync('true').pid;
    await writeFile(join(folder, 'thing.claim.old'), JSON.stringify({ pid: dead, identity: 'any' }));
    expect(await withLock(folder, 'thing', () => readdir(folder))).toHaveLength(1);
    expect(await readdir(folder)).toEqual([]);
  });

  it('given a claim whose process id was given to another process since, takes the lock', async () => {
    const claim = { pid: process.pid, identity: 'started long ago' };
    await writeFile(join(folder, 'thing.claim.old'), JSON.stringify(claim));
    expect(await withLock(folder, 'thing', () => Promise.resolve('mine'))).toBe('mine');
  });

  it('given the claim of a living process, waits and says for whom', async () => {
    const claimFile = join(folder, 'thing.claim.living');
    const identity = await processIdentity(process.pid);
    await writeFile(claimFile, JSON.stringify({ pid: process.pid, identity }));
    const said: string[] = [];
    const order: string[] = [];
    const waiting = withLock(
      folder,
      'thing',
      async () => void order.push('worked'),
      (line) => {
        said.push(line);
        order.push('waited');
        void rm(claimFile);
      },
      5,
    );
    await waiting;
    expect(order).toEqual(['waited', 'worked']);
    expect(said[0]).toContain(`process ${process.pid}`);
  });
});
