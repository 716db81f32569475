import { chmod, writeFile } from 'node:fs/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { loadSettings } from '../../../adapters/settings/load.ts';
import { runProcess } from '../../../adapters/settings/run.ts';
import { settingsWorld } from './world.ts';

const processes = ['worker', 'sentinel', 'api'] as const;

describe('settings', () => {
  it.each(processes)('of the %s, good ones: read, defaults put in', async (reader) => {
    const { load, good } = await settingsWorld();
    const read = await load(reader, good);
    expect(read.temporal).toEqual({ address: '127.0.0.1:7233', namespace: 'default' });
    expect(read[reader]).toMatchObject(good[reader] as object);
    expect(read.aws).toEqual({});
  });

  it('are named by the environment, and the file is there', () => {
    expect(() => loadSettings({}, 'api')).toThrow('name a settings file in BREAKGLASS_SETTINGS');
    expect(() => loadSettings({ BREAKGLASS_SETTINGS: '/nowhere.json' }, 'api')).toThrow(
      'the settings file /nowhere.json is not there',
    );
  });

  it('all faults at once, each with its path and what to write', async () => {
    const { faults, good, at } = await settingsWorld();
    const found = await faults('worker', {
      ...good,
      configPin: 'not a digest',
      configdir: 'x',
      wholly: 'unknown',
      temporal: { adress: '127.0.0.1:7233' },
      payloadKeyFile: undefined,
      postgres: {
        port: 'secret',
        database: 'breakglass',
        user: 'x',
        passwordFile: at('gone'),
        tls: { ca: 'x' },
      },
      kratos: undefined,
      worker: { sshKeyFile: at('ssh'), workflowBundle: at('config'), healthPort: 70_000 },
    });
    const expected: readonly (string | RegExp)[] = [
      /^configPin: .*; write digest of a config/,
      'configdir: there is no such setting; did you mean configDir?',
      /^wholly: there is no such setting; there are configDir, configPin, /,
      'temporal.adress: there is no such setting; did you mean temporal.address?',
      'payloadKeyFile: is missing; write key ring of the payload codec, such as "/etc/breakglass/payload-keys.json"',
      'postgres.host: is missing; write our Postgres, such as "postgres.example.com"',
      'postgres.port: Invalid input: expected number, received string; write its port, such as 5432',
      'postgres.tls.ca: there is no such setting; did you mean postgres.tls.caFile?',
      /^kratos\.publicUrl: is missing; write .* such as "https:/,
      /^kratos\.adminUrl: is missing; write /,
      /^worker\.healthPort: Too big: .*<=65535/,
      'postgres.passwordFile: gone is not there',
      'worker.workflowBundle: config is a folder, not a file',
    ];
    for (const each of expected)
      expect(found).toContainEqual(typeof each === 'string' ? each : expect.stringMatching(each));
    expect(found).toHaveLength(expected.length);
    // What stands there may be a secret in the wrong place.
    expect(found.join('\n')).not.toMatch(/not a digest|secret"/);
  });

  it.each(processes)('of the %s: its own section must be there, the others’ need not', async (reader) => {
    const { faults, good } = await settingsWorld();
    const alone = Object.fromEntries(
      Object.entries(good).filter(([name]) => name === reader || !processes.some((each) => each === name)),
    );
    expect(await faults(reader, alone)).toEqual([]);
    expect(await faults(reader, { ...good, [reader]: undefined })).toEqual([
      `${reader}: is missing: the ${reader} reads this section`,
    ]);
  });

  it('tls: a client certificate without its key, and files that are not there', async () => {
    const { faults, good, at } = await settingsWorld();
    const withTls = (tls: object) => ({ ...good, postgres: { ...(good['postgres'] as object), tls } });
    expect(await faults('api', withTls({ certFile: at('payload.json') }))).toEqual([
      'postgres.tls.keyFile: a certificate and its key go together; write PEM file of its key',
    ]);
    expect(await faults('api', withTls({ caFile: at('ca'), certFile: at('c'), keyFile: at('k') }))).toEqual([
      'postgres.tls.caFile: ca is not there',
      'postgres.tls.certFile: c is not there',
      'postgres.tls.keyFile: k is not there',
    ]);
  });

  it.each([
    ['a comma too many', '{\n  "configDir": "x",\n}', 3],
    ['a comma missing', '{\n  "configDir": "x"\n  "configPin": "x"\n}', 3],
    ['a comment', '{\n  // addresses\n  "configDir": "x"\n}', 2],
    ['a quote missing', '{\n  "configDir": "x,\n  "configPin": "x"\n}', 2],
    ['cut off', '{\n  "configDir": {\n\n', 2],
    ['no JSON at all', 'configDir: hush', 1],
    ['something behind the end', '{}\n{}', 2],
  ])('%s is told by its line, and no text of it', async (_, text, line) => {
    const { faults } = await settingsWorld();
    const [fault, ...more] = await faults('api', text);
    expect(fault).toMatch(new RegExp(`^settings\\.json:${line}: this is where it stops being JSON`));
    expect(fault).not.toContain('hush');
    expect(more).toEqual([]);
  });
});

describe('files that settings point to', () => {
  it('a secret that others could read is refused, each with its mode; one of a group’s only where that is meant', async () => {
    const { faults, good, at } = await settingsWorld();
    await writeFile(at('secrets/stray'), 'x', { mode: 0o600 });
    for (const name of ['password', 'hook.key', 'payload.json', 'ssh', 'secrets/stray'])
      await chmod(at(name), 0o444);
    const open = (name: string, whom: string, remedy: string): string =>
      `${name} is open to ${whom} (mode 0444): chmod ${remedy} it, or make it so that only this process’s user reads it`;
    expect(await faults('sentinel', good)).toEqual([
      `secretsDir: ${open('secrets/stray', 'others', '0440')}`,
      `payloadKeyFile: ${open('payload.json', 'group and others', '0400')}`,
      `postgres.passwordFile: ${open('password', 'others', '0440')}`,
      `sentinel.hookKeyFile: ${open('hook.key', 'others', '0440')}`,
    ]);
    for (const name of ['password', 'hook.key', 'payload.json', 'ssh', 'secrets/stray'])
      await chmod(at(name), 0o440);
    expect(await faults('sentinel', good)).toHaveLength(1);
    expect(await faults('worker', good)).toHaveLength(2);
  });

  it('are looked at only by the process that reads them', async () => {
    const { faults, good } = await settingsWorld();
    const gone = { ...good, secretsDir: '/nowhere' };
    expect(await faults('api', gone)).toEqual([]);
    expect(await faults('payload-keys', gone)).toEqual([]);
    expect(await faults('worker', gone)).toEqual(['secretsDir: /nowhere is not there']);
  });
});

describe('a process with wrong settings', () => {
  it('says all of it on stderr, and ends with exit code 78; any other failure is a line in its log, and 1', async () => {
    const { load, good, at } = await settingsWorld();
    const said: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
    const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    await runProcess('api', async () => {
      await load('api', { ...good, configPin: 1, payloadKeyFile: at('gone') });
    });
    expect(said.join('').split('\n')).toEqual([
      `breakglass api: ${at('settings.json')}: 2 faults`,
      expect.stringMatching(/^ {2}configPin: .*; write digest of a config/),
      `  payloadKeyFile: ${at('gone')} is not there`,
      '',
    ]);
    await runProcess('api', () => Promise.reject(new Error('no port')));
    expect(exit.mock.calls).toEqual([[78], [1]]);
    expect(said).toHaveLength(1);
  });
});
