import { randomBytes } from 'node:crypto';
import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Files the processes point to; made once, of mode 0400, never printed. */
export interface SecretFiles {
  readonly payloadKeyFile: string;
  readonly hookKeyFile: string;
  readonly writerPasswordFile: string;
  readonly apiPasswordFile: string;
  readonly secretsDir: string;
}

const once = async (file: string, make: () => string): Promise<string> => {
  try {
    await access(file);
  } catch {
    await writeFile(file, make(), { mode: 0o400 });
  }
  return file;
};

const random = (): string => randomBytes(32).toString('base64url');

/** Makes what a development stack needs to keep secret, where it is missing. */
export const makeSecrets = async (stateFolder: string): Promise<SecretFiles> => {
  const keys = join(stateFolder, 'keys');
  const secretsDir = join(stateFolder, 'secrets');
  for (const folder of [keys, secretsDir, join(stateFolder, 'config'), join(stateFolder, 'settings')])
    await mkdir(folder, { recursive: true, mode: 0o700 });
  const payloadKey = (): string =>
    JSON.stringify({ current: 'dev-1', keys: { 'dev-1': randomBytes(32).toString('base64') } });
  return {
    payloadKeyFile: await once(join(keys, 'payload-keys.json'), payloadKey),
    hookKeyFile: await once(join(keys, 'kratos-hook.key'), random),
    writerPasswordFile: await once(join(keys, 'postgres-writer.password'), random),
    apiPasswordFile: await once(join(keys, 'postgres-api.password'), random),
    secretsDir,
  };
};

/** A secret's text, for handing it to the server that must know it too. */
export const readSecret = async (file: string): Promise<string> => (await readFile(file, 'utf8')).trim();
