import { createSecretKey, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { loadConfigs } from '../../adapters/config/load.ts';
import { createPool } from '../../adapters/postgres/index.ts';
import { examine, type Look } from '../../api/examine.ts';
import { createLooks, type LooksDeps } from '../../api/looks.ts';
import { connectLazily, createBreakglassClient } from '../../client/temporal.ts';
import { amiss, checks as checksSchema, well, type Check } from '../../core/contracts/checks.ts';
import type { Digest } from '../../core/contracts/ids.ts';
import { freePorts } from '../../dev/ports.ts';
import { makeHarness, type Harness } from './harness.ts';

const look = (id: string, ask: Look['ask']): Look => ({ id, still: 'the rest', remedy: 'start it', ask });
const temporal = well({ id: 'temporal', by: 'api' }, 'Temporal answers');

let api: Harness;
let folder: string;
let where: { configDir: string; configPin: Digest };
beforeAll(async () => {
  api = await makeHarness();
  folder = await mkdtemp(join(tmpdir(), 'breakglass-health-'));
  await writeFile(join(folder, '0001.json'), JSON.stringify(api.org.chain[0]));
  where = { configDir: folder, configPin: api.org.digest };
});
afterAll(async () => {
  await api.remove();
  await rm(folder, { recursive: true });
});

describe('looking at everything', () => {
  it('waits for none of it longer than its limit', async () => {
    const hangs = look('postgres', () => new Promise(() => undefined));
    const found = await examine([hangs, look('temporal', () => Promise.resolve([temporal]))], 20);
    expect(found).toEqual([
      amiss({ id: 'postgres', by: 'api' }, 'broken', {
        ...{ says: 'postgres: no answer within 0.02 s', still: 'the rest', remedy: 'start it' },
      }),
      temporal,
    ]);
  });

  it('asks all at once', async () => {
    const asked: string[] = [];
    let answer = (): void => undefined;
    const first = look('one', async () => {
      asked.push('one');
      await new Promise<void>((resolve) => (answer = resolve));
      return [];
    });
    const second = look('two', () => {
      asked.push('two');
      answer();
      return Promise.resolve([]);
    });
    expect(await examine([first, second])).toEqual([]);
    expect(asked).toEqual(['one', 'two']);
  });

  it('tells what was found to whom the table names', async () => {
    api.looks.push(look('temporal', () => Promise.resolve([temporal])));
    const answer = await api.get('olga', '/v1/health');
    expect(checksSchema.parse(await answer.json())).toEqual({ checks: [temporal] });
    expect((await api.get('lena', '/v1/health')).status).toBe(403);
  });
});

describe('what the api looks at, with all of it stopped', () => {
  /** Everything stopped, but for what is amended. */
  const lookAt = async (amended: Partial<LooksDeps> = {}, sentinel?: string): Promise<Map<string, Check>> => {
    const [postgres = 1, worker = 1] = await freePorts(2);
    const closed = (port: number): string => `http://127.0.0.1:${port}`;
    const passwordFile = join(folder, 'password');
    await writeFile(passwordFile, 'none', { mode: 0o600 });
    const host = '127.0.0.1';
    const pool = await createPool(
      { host, port: postgres, database: 'none', user: 'nobody', passwordFile },
      { applicationName: 'test' },
    );
    onTestFinished(() => pool.end());
    const found = await examine(
      createLooks({
        settings: {
          ...where,
          api: {
            ...{ host, port: 1, proxies: [], workerHealth: closed(worker) },
            ...(sentinel === undefined ? {} : { sentinelHealth: sentinel }),
          },
        },
        client: { lastPolled: () => Promise.resolve(null) },
        ...{ pool, now: () => new Date() },
        ...amended,
        configs: amended.configs ?? loadConfigs(where),
      }),
    );
    return new Map(found.map((each) => [each.id, each]));
  };

  it('is named, each with what still works and what to do', async () => {
    const [port = 1] = await freePorts(1);
    const client = createBreakglassClient({
      connection: connectLazily({ address: `127.0.0.1:${port}`, namespace: 'default' }),
      namespace: 'default',
      keyRing: { current: 'k', keys: new Map([['k', createSecretKey(randomBytes(32))]]) },
    });
    const asked: Promise<unknown>[] = [];
    const lastPolled = (): Promise<Date | null> => {
      const answer = client.lastPolled();
      asked.push(answer);
      return answer;
    };
    // The look may have given up before the client has: closed under it, the client's next try throws.
    onTestFinished(async () => {
      await Promise.allSettled(asked);
      await client.close();
    });
    const found = await lookAt({ client: { lastPolled } });
    const broken = [...found.values()].filter(({ level }) => level === 'broken');
    expect(broken.map(({ id }) => id).sort()).toEqual(['channels', 'postgres', 'temporal', 'worker'].sort());
    for (const { says, still, remedy } of broken) {
      expect(says).toMatch(/ECONNREFUSED|did not answer|does not answer|no answer|UNAVAILABLE/);
      expect(still).toMatch(/\w/);
      expect(remedy).toMatch(/\w/);
    }
    expect(found.get('config/api')).toMatchObject({ level: 'ok' });
    expect(found.get('sentinel')).toMatchObject({
      level: 'unknown',
      remedy: 'name api.sentinelHealth in the api’s settings',
    });
  });

  it('misses a worker where Temporal answers and nobody asks for work', async () => {
    const found = await lookAt();
    expect(found.get('temporal')).toMatchObject({ level: 'ok' });
    expect(found.get('task-queue')).toMatchObject({ level: 'broken', says: 'no worker asks for work' });
    const ago = (seconds: number) => ({
      client: { lastPolled: () => Promise.resolve(new Date(Date.parse(api.now()) - seconds * 1000)) },
      now: () => new Date(api.now()),
    });
    expect((await lookAt(ago(60))).get('task-queue')).toMatchObject({ level: 'ok' });
    expect((await lookAt(ago(600))).get('task-queue')).toMatchObject({ level: 'broken' });
  });

  it('goes by what a process answers of its health', async () => {
    const asked: (string | undefined)[] = [];
    let status = 200;
    let body = '{}';
    const server = createServer((request, response) => {
      asked.push(request.url);
      response.writeHead(status).end(body);
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/healthz`;
    expect((await lookAt({}, url)).get('sentinel')).toMatchObject({ level: 'ok' });
    status = 503;
    expect((await lookAt({}, url)).get('sentinel')).toMatchObject({
      ...{ level: 'broken', says: 'sentinel: it answers 503' },
    });
    body = JSON.stringify({ cannot: ['write its spool'] });
    expect((await lookAt({}, url)).get('sentinel')).toMatchObject({
      ...{ level: 'broken', says: 'sentinel: it says that it cannot write its spool' },
    });
    expect(asked).toEqual(['/healthz', '/healthz', '/healthz']);
  });

  it('sees a config folder that no longer holds', async () => {
    const configs = loadConfigs(where);
    expect((await lookAt({ configs })).get('config/api')).toMatchObject({ level: 'ok' });
    const strange = join(folder, '0002.json');
    await writeFile(strange, JSON.stringify({ ...api.org.chain[0], previous: api.org.digest }));
    expect((await lookAt({ configs })).get('config/api')).toMatchObject({ level: 'broken' });
  });
});
