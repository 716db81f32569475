import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { endOrphans, scriptCommand, startProcess, stopAll, type ProcessSpec } from '../../dev/processes.ts';
import { processIdentity } from '../../dev/processIdentity.ts';
import { SetUpFailure } from '../../dev/setUp/failures.ts';

let stateFolder: string;
beforeEach(async () => {
  stateFolder = await mkdtemp(join(tmpdir(), 'breakglass-processes-'));
});
afterEach(async () => {
  await rm(stateFolder, { recursive: true, force: true });
});

function shell(script: string, more: Partial<ProcessSpec> = {}): ProcessSpec {
  return { name: 'child', command: '/bin/sh', args: ['-c', script], stateFolder, ...more };
}

function prints(word: string): () => Promise<boolean> {
  return async () => (await readFile(join(stateFolder, 'logs', 'child.log'), 'utf8')).includes(word);
}

async function runs(pid: number): Promise<boolean> {
  return (await processIdentity(pid)) !== undefined;
}

describe('a started process', () => {
  it('is ready when its probe says so, logs to a file of its owner only, and is gone when stopped', async () => {
    const child = await startProcess(shell('sleep 0.2; echo up; sleep 60', { ready: prints('up') }));
    expect(await readFile(child.logFile, 'utf8')).toBe('up\n');
    expect((await stat(child.logFile)).mode & 0o777).toBe(0o600);
    expect(await readdir(join(stateFolder, 'pids'))).toEqual(['child.json']);
    await child.stop();
    await child.stop();
    expect(await runs(child.pid)).toBe(false);
    expect(await readdir(join(stateFolder, 'pids'))).toEqual([]);
  });

  it('takes what it started with it', async () => {
    const child = await startProcess(shell('sleep 60 & echo $!; wait', { ready: prints('\n') }));
    const grandchild = Number(await readFile(child.logFile, 'utf8'));
    expect(await runs(grandchild)).toBe(true);
    await child.stop();
    await expect.poll(() => runs(grandchild)).toBe(false);
  });

  it('is killed when it does not heed the stop signal', async () => {
    const child = await startProcess(
      shell("trap '' TERM; echo up; while :; do sleep 0.1; done", { ready: prints('up'), stopWithinMs: 200 }),
    );
    await child.stop();
    expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('leaves no core dump and does not see our environment', async () => {
    process.env['BREAKGLASS_TEST_ONLY'] = 'a secret of ours';
    const child = await startProcess(shell('ulimit -c; env', { env: { GIVEN: 'yes' } }));
    await child.exited;
    delete process.env['BREAKGLASS_TEST_ONLY'];
    const log = await readFile(child.logFile, 'utf8');
    expect(log).toMatch(/^0\n/);
    expect(log).toContain('GIVEN=yes');
    expect(log).not.toContain('a secret of ours');
  });

  it('given that it dies early, fails with the end of its log', async () => {
    const starting = startProcess(
      shell('echo no such disk >&2; exit 3', { ready: () => Promise.resolve(false) }),
    );
    await expect(starting).rejects.toThrow('child ended (code 3) before it was ready: read');
    await expect(starting).rejects.toMatchObject({ details: 'no such disk' });
  });

  it('given that it is never ready, fails and is not left running', async () => {
    const starting = startProcess(
      shell('echo $$; sleep 60', { ready: () => Promise.reject(new Error('no')), readyWithinMs: 300 }),
    );
    await expect(starting).rejects.toThrow('child was not ready within 0.3 s');
    expect(await runs(Number(await readFile(join(stateFolder, 'logs', 'child.log'), 'utf8')))).toBe(false);
  });

  it('given a program that does not exist, fails', async () => {
    const spec = shell('', { command: '/no/such/program', ready: () => Promise.resolve(false) });
    await expect(startProcess(spec)).rejects.toSatisfy(
      (error) => error instanceof SetUpFailure && error.details.includes('/no/such/program'),
    );
  });

  it('given that it runs already, refuses a second one', async () => {
    const child = await startProcess(shell('sleep 60'));
    await expect(startProcess(shell('sleep 60'))).rejects.toThrow('which still runs: stop that first');
    expect(await runs(child.pid)).toBe(true);
    await child.stop();
  });

  it('stops all in reverse order, one failure not keeping the others up', async () => {
    const order: string[] = [];
    const one = (name: string) => ({
      stop: async () => {
        order.push(name);
        if (name === 'b') throw new Error('stuck');
      },
    });
    await expect(stopAll([one('a'), one('b'), one('c')])).rejects.toThrow(AggregateError);
    expect(order).toEqual(['c', 'b', 'a']);
  });
});

describe('given that the run before was killed outright', () => {
  /** Starts a parent that starts a child, kills the parent with SIGKILL, and gives the child's process id. */
  async function orphan(): Promise<number> {
    const script = fileURLToPath(new URL('./orphanMaker.ts', import.meta.url));
    const { command, args } = scriptCommand(script, [stateFolder]);
    const parent = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    parent.stdout.setEncoding('utf8');
    const [line] = z.tuple([z.string()]).parse(await once(parent.stdout, 'data'));
    const pid = Number(line);
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    expect(await runs(pid)).toBe(true);
    return pid;
  }

  it('ends what it left behind', async () => {
    const pid = await orphan();
    expect(await endOrphans(stateFolder)).toEqual(['child']);
    expect(await runs(pid)).toBe(false);
    expect(await endOrphans(stateFolder)).toEqual([]);
  });

  it('ends it at the next start under the same name', async () => {
    const pid = await orphan();
    const child = await startProcess(shell('echo up; sleep 60', { ready: prints('up') }));
    expect(await runs(pid)).toBe(false);
    expect(child.pid).not.toBe(pid);
    await child.stop();
  });

  it('does not touch a stranger that got the process id since', async () => {
    const stranger = spawn('sleep', ['60'], { detached: true });
    const pid = stranger.pid ?? 0;
    await orphanRecord(pid, 'started long ago');
    expect(await endOrphans(stateFolder)).toEqual([]);
    await sleep(50);
    expect(await runs(pid)).toBe(true);
    expect(await readdir(join(stateFolder, 'pids'))).toEqual([]);
    stranger.kill('SIGKILL');
  });

  it('given a pid file broken by a crash of the machine, starts all the same', async () => {
    await (
      await startProcess(shell('true'))
    ).exited;
    await writeFile(join(stateFolder, 'pids', 'child.json'), '');
    expect(await endOrphans(stateFolder)).toEqual([]);
  });

  async function orphanRecord(pid: number, identity: string): Promise<void> {
    await (
      await startProcess(shell('true'))
    ).exited;
    const parent = { pid: process.pid, identity: 'a run long dead' };
    const stop = { stopSignal: 'SIGTERM', stopWhom: 'group', stopWithinMs: 1000 };
    const record = { name: 'child', pid, identity, parent, startedAt: 0, ...stop };
    await writeFile(join(stateFolder, 'pids', 'child.json'), JSON.stringify(record));
  }
});
