/** Payload keys renewed and retired on a real Temporal, by the operator's tool. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { clientDataConverter } from '../../../adapters/temporal/dataConverter.ts';
import { loadKeyRing } from '../../../adapters/temporal/keyRing.ts';
import { payloadKeys } from '../../../client/payloadKeys/command.ts';
import { temporalBinary } from '../../../dev/fetch/temporal.ts';
import { freePorts } from '../../../dev/ports.ts';
import { startTemporal, type Temporal } from '../../../dev/servers/temporal.ts';

let folder: string;
let temporal: Temporal;
let connection: Connection;
let keyFile: string;
let settingsFile: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakglass-payload-keys-'));
  const [grpc = 0] = await freePorts(1);
  const binary = await temporalBinary(() => undefined);
  temporal = await startTemporal({ binary, stateFolder: folder, ports: { grpc } });
  connection = await Connection.connect({ address: temporal.address });
  keyFile = join(folder, 'keys.json');
  const keys = { k1: randomBytes(32).toString('base64') };
  await writeFile(keyFile, JSON.stringify({ current: 'k1', keys }), { mode: 0o400 });
  settingsFile = join(folder, 'settings.json');
  const nowhere = 'http://127.0.0.1:1';
  await writeFile(
    settingsFile,
    JSON.stringify({
      ...{ configDir: folder, configPin: 'a'.repeat(64), secretsDir: folder, payloadKeyFile: keyFile },
      temporal: { address: temporal.address },
      postgres: { host: '127.0.0.1', port: 1, database: 'none', user: 'none', passwordFile: keyFile },
      kratos: { publicUrl: nowhere, adminUrl: nowhere },
    }),
  );
});
afterAll(async () => {
  await connection.close();
  await temporal.stop();
  await rm(folder, { recursive: true, force: true });
});

const run = async (...args: string[]): Promise<{ exit: number; said: string }> => {
  const said: string[] = [];
  const say = (text: string): void => void said.push(text);
  const exit = await payloadKeys(args, { BREAKGLASS_SETTINGS: settingsFile }, say, say);
  return { exit, said: said.join('\n') };
};
/** A client as a process makes one that starts now. */
const client = (): Client =>
  new Client({ connection, dataConverter: clientDataConverter(loadKeyRing(keyFile)) });
const start = async (workflowId: string): Promise<void> => {
  await client().workflow.start('nothing', {
    ...{ workflowId, taskQueue: 'nobody', args: [{ for: workflowId }], memo: { of: workflowId } },
  });
};
const until = async (holds: () => Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 150 && !(await holds()); tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 200));
};
const listed = async (): Promise<string> => (await run('list')).said;
const memoOf = async (workflowId: string): Promise<unknown> =>
  (await client().workflow.getHandle(workflowId).describe()).memo;

it('a new key encrypts, the old one decrypts until no history needs it, and only then is retired', async () => {
  await start('old');
  await until(async () => (await listed()).includes('k1\tencrypts\t1 histories (1 open)'));

  expect(await run('use', 'k2').catch(String)).toContain('holds no key k2: add it first');
  expect((await run('add', 'k2')).exit).toBe(0);
  expect(loadKeyRing(keyFile).current).toBe('k1');
  expect((await run('use', 'k2')).exit).toBe(0);
  await start('new');
  await until(async () => (await listed()).includes('k2\tencrypts\t1 histories'));
  expect(await listed()).toContain('k1\tdecrypts\t1 histories');
  expect([await memoOf('old'), await memoOf('new')]).toEqual([{ of: 'old' }, { of: 'new' }]);

  const before = await readFile(keyFile, 'utf8');
  const refused = await run('retire', 'k1');
  expect(refused).toMatchObject({
    exit: 3,
    said: expect.stringContaining('needed by 1 histories (1 open), such as old') as string,
  });
  expect(await run('retire', 'k2')).toMatchObject({ exit: 3 });
  expect(await readFile(keyFile, 'utf8')).toBe(before);

  await client().workflow.getHandle('old').terminate('its key is retired');
  expect((await run('retire', 'k1')).exit).toBe(3);
  await connection.workflowService.deleteWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: 'old' },
  });
  await until(async () => (await run('retire', 'k1')).exit === 0);
  expect([...loadKeyRing(keyFile).keys.keys()]).toEqual(['k2']);
  expect(await memoOf('new')).toEqual({ of: 'new' });
});

it('a history whose key is missing is told of, by the tool and by who reads it', async () => {
  await start('orphan');
  await until(async () => (await listed()).includes('k2\tencrypts\t2 histories'));
  const keys = z
    .object({ keys: z.record(z.string(), z.string()) })
    .parse(JSON.parse(await readFile(keyFile, 'utf8')));
  await rm(keyFile);
  await writeFile(keyFile, JSON.stringify({ current: 'k3', keys: { k3: Object.values(keys.keys)[0] } }), {
    mode: 0o400,
  });
  expect(await listed()).toContain('k2\tMISSING from the file\t2 histories');
  await expect(memoOf('orphan')).rejects.toThrow('no key k2 in the key file');
});

it('says how it is used, and touches nothing then', async () => {
  for (const args of [[], ['retire'], ['list', 'k1'], ['renew', 'k1'], ['use', 'k1', 'k2'], ['forget', 'k1']])
    expect(await run(...args)).toMatchObject({
      exit: 2,
      said: expect.stringContaining('payload-keys list') as string,
    });
});
