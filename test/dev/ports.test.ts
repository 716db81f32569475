import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePorts, isFree, rememberedPorts } from '../../dev/ports.ts';

let folder: string;
let held: Server[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakglass-ports-'));
  held = [];
});
afterEach(async () => {
  for (const server of held) server.close();
  await rm(folder, { recursive: true, force: true });
});

function hold(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    held.push(server);
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
}

describe('free ports', () => {
  it('are all different, and can be listened on', async () => {
    const ports = await freePorts(20);
    expect(new Set(ports).size).toBe(20);
    await Promise.all(ports.map(hold));
    expect(held).toHaveLength(20);
  });

  it('stop being free when somebody listens', async () => {
    const [port = 0] = await freePorts(1);
    expect(await isFree(port)).toBe(true);
    await hold(port);
    expect(await isFree(port)).toBe(false);
  });
});

describe('remembered ports', () => {
  it('given the same file, are the same again', async () => {
    const file = join(folder, 'state', 'ports.json');
    const first = await rememberedPorts(file, ['api', 'temporal']);
    expect(await rememberedPorts(file, ['temporal', 'api'])).toEqual(first);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('given one that was taken meanwhile, change that one only', async () => {
    const file = join(folder, 'ports.json');
    const first = await rememberedPorts(file, ['api', 'temporal']);
    await hold(first.api);
    const second = await rememberedPorts(file, ['api', 'temporal']);
    expect(second.temporal).toBe(first.temporal);
    expect(second.api).not.toBe(first.api);
  });

  it('given two names that remember one port, give it to one of them', async () => {
    const file = join(folder, 'ports.json');
    const [port = 0] = await freePorts(1);
    await writeFile(file, JSON.stringify({ api: port, temporal: port }));
    const ports = await rememberedPorts(file, ['api', 'temporal']);
    expect(ports.api).toBe(port);
    expect(ports.temporal).not.toBe(port);
  });

  it('given one that others know and somebody took, refuse it: port and name are said', async () => {
    const file = join(folder, 'ports.json');
    const { api } = await rememberedPorts(file, ['api', 'temporal']);
    await hold(api);
    const again = rememberedPorts(file, ['api', 'temporal'], { bound: ['api'] });
    await expect(again).rejects.toThrow(`the port of api, ${api}, is taken by another program`);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ api });
  });

  it('given one that the user wants, take that one, or refuse it', async () => {
    const file = join(folder, 'ports.json');
    const [wanted = 0] = await freePorts(1);
    await writeFile(file, JSON.stringify({ temporal: wanted }));
    const ports = await rememberedPorts(file, ['temporal', 'api'], { wanted: { api: wanted } });
    expect(ports.api).toBe(wanted);
    expect(ports.temporal).not.toBe(wanted);
    await hold(wanted);
    const taken = rememberedPorts(file, ['temporal', 'api'], { wanted: { api: wanted } });
    await expect(taken).rejects.toMatchObject({ way: 'port-taken', exit: 3 });
  });

  it('given another than the one that others know, refuse it and name the known one', async () => {
    const file = join(folder, 'ports.json');
    const { api } = await rememberedPorts(file, ['api']);
    const other = rememberedPorts(file, ['api'], { bound: ['api'], wanted: { api: api + 1 } });
    await expect(other).rejects.toThrow(`the port of api is ${api} since the first start`);
  });

  it('given a broken file, start afresh', async () => {
    const file = join(folder, 'ports.json');
    await writeFile(file, '{');
    const ports = await rememberedPorts(file, ['api']);
    expect(await rememberedPorts(file, ['api'])).toEqual(ports);
  });
});
