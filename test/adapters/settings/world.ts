/** A folder with all that a settings file points to, as an operator would lay it out. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { loadSettings, type SettingsOf } from '../../../adapters/settings/load.ts';
import { SettingsError } from '../../../adapters/settings/faults.ts';
import type { SettingsReader } from '../../../core/contracts/settings.ts';

export interface SettingsWorld {
  /** Path of a file or folder in it. */
  readonly at: (name: string) => string;
  /** Good settings for all three processes, to be changed by a test. */
  readonly good: Record<string, unknown>;
  /** Writes settings, as they are or as JSON, and has a process read them. */
  readonly load: <R extends SettingsReader>(
    reader: R,
    settings: unknown,
    env?: NodeJS.ProcessEnv,
  ) => Promise<SettingsOf<R>>;
  /** What is wrong with them, a line each; none when nothing is. */
  readonly faults: (
    reader: SettingsReader,
    settings: unknown,
    env?: NodeJS.ProcessEnv,
  ) => Promise<readonly string[]>;
}

const files = { 'hook.key': 0o440, password: 0o440, 'payload.json': 0o400, ssh: 0o400, 'bundle.js': 0o644 };

/** Gone with its test. */
export const settingsWorld = async (): Promise<SettingsWorld> => {
  const folder = await mkdtemp(join(tmpdir(), 'breakglass-settings-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const at = (name: string): string => join(folder, name);
  for (const name of ['config', 'secrets']) await mkdir(at(name));
  for (const [name, mode] of Object.entries(files)) await writeFile(at(name), 'x', { mode });
  await writeFile(at('secrets/incident-slack'), 'x', { mode: 0o440 });
  const good = {
    ...{ configDir: at('config'), configPin: 'a'.repeat(64), secretsDir: at('secrets') },
    temporal: { address: '127.0.0.1:7233' },
    payloadKeyFile: at('payload.json'),
    postgres: {
      ...{ host: '127.0.0.1', port: 5432, database: 'breakglass', user: 'breakglass_writer' },
      passwordFile: at('password'),
    },
    kratos: { publicUrl: 'http://127.0.0.1:4433', adminUrl: 'http://127.0.0.1:4434' },
    worker: { sshKeyFile: at('ssh'), workflowBundle: at('bundle.js') },
    sentinel: { host: '127.0.0.1', port: 8081, hookKeyFile: at('hook.key'), spoolDir: at('spool') },
    api: { host: '127.0.0.1', port: 8080 },
  };
  const load: SettingsWorld['load'] = async (reader, settings, env = {}) => {
    const text = typeof settings === 'string' ? settings : JSON.stringify(settings);
    await writeFile(at('settings.json'), text);
    return loadSettings({ ...env, BREAKGLASS_SETTINGS: at('settings.json') }, reader);
  };
  return {
    ...{ at, good, load },
    faults: async (reader, settings, env) => {
      try {
        await load(reader, settings, env);
        return [];
      } catch (error) {
        if (error instanceof SettingsError)
          return error.faults.map((fault) => fault.replaceAll(`${folder}/`, ''));
        throw error;
      }
    },
  };
};
