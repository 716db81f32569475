import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ConfigFolderError, loadConfigs } from '../../../adapters/config/load.ts';
import type { SignedConfig } from '../../../core/contracts/http.ts';
import { configDigest } from '../../../core/trust/configFile.ts';
import { makeOrg, yamlOf, type Org } from '../../support/org.ts';

describe('the config folder of a process', () => {
  let org: Org;
  let second: SignedConfig;
  let unsigned: SignedConfig;
  let configDir: string;
  const told: string[] = [];
  beforeAll(async () => {
    org = await makeOrg();
    const yaml = yamlOf({ ...org.data, organisation: 'Acme, later' });
    second = await org.accept(yaml, org.digest, ['bob', 'carol']);
    unsigned = await org.accept(yaml, org.digest, ['bob']);
  });
  afterAll(() => org.remove());
  beforeEach(async () => {
    configDir = await mkdtemp(join(tmpdir(), 'breakglass-config-'));
    told.length = 0;
  });
  afterEach(() => rm(configDir, { recursive: true, force: true }));

  const write = (name: string, content: unknown) =>
    writeFile(join(configDir, name), typeof content === 'string' ? content : JSON.stringify(content));
  const load = () => loadConfigs({ configDir, configPin: org.digest }, (why) => told.push(why));
  const first = () => org.chain[0];

  it('given a chain from the pin, gives its last config, and reads nothing again until a file changes', async () => {
    await write('0001.json', first());
    await write('README', 'not ours');
    const configs = load();
    expect(configs().current.digest).toBe(org.digest);
    expect(configs()).toBe(configs());
    await write('0002.json', second);
    expect(configs().current.digest).toBe(configDigest(second.yaml));
    expect([...configs().configs.keys()]).toEqual([org.digest, configDigest(second.yaml)]);
    expect(configs().chain).toEqual([first(), second]);
    expect(told).toEqual([]);
  });

  it.each([
    ['one that too few have signed', () => unsigned, /accepted by 1/],
    ['half a file', () => '{"yaml":', /0002\.json is not JSON/],
    ['another shape', () => ({ yaml: 'x' }), /0002\.json is no signed config/],
  ])('given %s beside the one in force, keeps the one in force and says why, once', async (_, make, why) => {
    await write('0001.json', first());
    const configs = load();
    await write('0002.json', make());
    for (let n = 0; n < 3; n += 1) expect(configs().current.digest).toBe(org.digest);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(why);
    await write('0002.json', second);
    expect(configs().current.digest).toBe(configDigest(second.yaml));
  });

  it('given that the config in force is taken away, keeps it: people who left do not come back', async () => {
    await write('0001.json', first());
    await write('0002.json', second);
    const configs = load();
    await rm(join(configDir, '0002.json'));
    expect(configs().current.digest).toBe(configDigest(second.yaml));
    await rm(configDir, { recursive: true });
    expect(configs().current.digest).toBe(configDigest(second.yaml));
    expect(told).toHaveLength(2);
  });

  it('given nothing to start from, does not start', async () => {
    expect(load).toThrow(ConfigFolderError);
    await write('0001.json', unsigned);
    expect(load).toThrow(/neither the first ever nor the pinned one/);
    await rm(configDir, { recursive: true });
    expect(load).toThrow(/cannot read the config folder/);
  });
});
