import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { settingsWorld, type SettingsWorld } from './world.ts';

/** A world whose settings name a profile file, and leave the rest to it. */
const withProfile = async (
  toml: string,
  temporal: object = {},
): Promise<SettingsWorld & { readonly settings: object }> => {
  const world = await settingsWorld();
  await writeFile(world.at('temporal.toml'), toml, { mode: 0o440 });
  const settings = { ...world.good, temporal: { configFile: world.at('temporal.toml'), ...temporal } };
  return { ...world, settings };
};

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('where Temporal is', () => {
  it('a profile gives address, namespace, TLS with a client certificate, and metadata', async () => {
    const { load, settings, at } = await withProfile('');
    for (const name of ['ca.crt', 'client.crt', 'client.key'])
      await writeFile(at(name), name, { mode: 0o440 });
    const toml = `
      [profile.prod]
      address = "temporal.example:7233"
      namespace = "access"
      [profile.prod.tls]
      server_ca_cert_path = "${at('ca.crt')}"
      client_cert_path = "${at('client.crt')}"
      client_key_path = "${at('client.key')}"
      server_name = "frontend.example"
      [profile.prod.grpc_meta]
      team = "access"`;
    await chmod(at('temporal.toml'), 0o640);
    await writeFile(at('temporal.toml'), toml);
    const wanted = { temporal: { configFile: at('temporal.toml'), profile: 'prod' } };
    const { temporal } = await load('worker', { ...settings, ...wanted });
    expect(temporal).toEqual({
      address: 'temporal.example:7233',
      namespace: 'access',
      tls: {
        serverNameOverride: 'frontend.example',
        serverRootCACertificate: bytes('ca.crt'),
        clientCertPair: { crt: bytes('client.crt'), key: bytes('client.key') },
      },
      metadata: { team: 'access' },
    });
  });

  it('an API key turns TLS on', async () => {
    const toml = '[profile.default]\naddress = "a:1"\napi_key = "hush"';
    const { load, settings } = await withProfile(toml);
    expect((await load('api', settings)).temporal).toMatchObject({ apiKey: 'hush', tls: true });
  });

  it('the environment wins over the profile, the settings over both', async () => {
    const toml = '[profile.default]\naddress = "file:1"\nnamespace = "file"';
    const { load, settings, good, at } = await withProfile(toml);
    const env = {
      TEMPORAL_NAMESPACE: 'env',
      TEMPORAL_TLS: 'true',
      TEMPORAL_CONFIG_FILE: at('temporal.toml'),
    };
    const place = async (temporal: object) => (await load('api', { ...good, temporal }, env)).temporal;
    expect(await place({})).toMatchObject({ address: 'file:1', namespace: 'env', tls: {} });
    expect(await place({ address: 'own:1', namespace: 'own' })).toMatchObject({
      ...{ address: 'own:1', namespace: 'own' },
    });
    expect((await load('api', settings)).temporal).toEqual({ address: 'file:1', namespace: 'file' });
  });

  it('a profile in the home folder of whoever starts the process is not looked for', async () => {
    const { faults, good, at } = await settingsWorld();
    await mkdir(at('temporalio'));
    await writeFile(at('temporalio/temporal.toml'), '[profile.default]\naddress = "home:1"');
    const found = await faults('api', { ...good, temporal: {} }, { XDG_CONFIG_HOME: at(''), HOME: at('') });
    expect(found).toEqual([
      'temporal: address is missing; write host and port of Temporal’s frontend, here or in the profile',
    ]);
  });

  it.each([
    ['a setting that is none', 'adress = "a:1"', /unrecognized in profile\.default: adress/],
    ['no TOML', '"api_key = hush', /^temporal: temporal\.toml: is not TOML at line 2$/],
    ['no address', 'namespace = "n"', /^temporal: address is missing/],
    [
      'a key in the clear',
      'address = "a:1"\napi_key = "hush"\ntls = { disabled = true }',
      /API key is not sent/,
    ],
    ['half a pair', 'address = "a:1"\ntls = { client_cert_path = "/etc/hosts" }', /go together/],
    [
      'no such authority',
      'address = "a:1"\ntls = { server_ca_cert_path = "/no" }',
      /server_ca_cert_path: \/no is/,
    ],
  ])('%s: is refused, with nothing of the file in what is said', async (_, toml, why) => {
    const { faults, settings } = await withProfile(`[profile.default]\n${toml}`);
    const found = await faults('worker', settings);
    expect(found).toEqual([expect.stringMatching(why)]);
    expect(found.join('')).not.toContain('hush');
  });

  it('a file that is not there, that others read, or without the profile: refused', async () => {
    const { faults, settings, at, good } = await withProfile('[profile.other]\naddress = "a:1"');
    const asked = { ...good, temporal: { configFile: at('temporal.toml'), profile: 'prod' } };
    expect(await faults('api', asked)).toEqual([expect.stringMatching(/Profile 'prod' not found/)]);
    expect(await faults('api', { ...good, temporal: { address: 'a:1', profile: 'prod' } })).toEqual([
      'temporal: the profile prod is asked for, but no file: name it in temporal.configFile',
    ]);
    await chmod(at('temporal.toml'), 0o644);
    expect(await faults('api', settings)).toEqual([
      expect.stringMatching(/^temporal: temporal\.toml is open to others \(mode 0644\): chmod 0440/),
    ]);
    expect(await faults('api', { ...good, temporal: { configFile: at('gone.toml') } })).toEqual([
      'temporal: gone.toml is not there',
    ]);
  });

  it('a server that is not to be verified: refused, since the SDK would verify it all the same', async () => {
    const { faults, good } = await settingsWorld();
    const env = { TEMPORAL_TLS_DISABLE_HOST_VERIFICATION: 'true' };
    expect(await faults('api', good, env)).toEqual([expect.stringMatching(/is not followed/)]);
  });
});
