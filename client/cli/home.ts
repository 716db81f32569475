/** A person's own folder, `BREAKGLASS_HOME`: for nobody else to read, and never half written. */
import { appendFile, chmod, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { personId } from '../../core/contracts/ids.ts';
import { CliError, exits, usage } from './exits.ts';

export const profile = z.strictObject({
  person: personId,
  /** The api's address. */
  api: z.url(),
  sshKey: z.string().min(1),
  ageIdentity: z.string().min(1),
  /** Where Kratos lets people log in: this person's own knowledge, never told by the api. */
  kratos: z.url().optional(),
});
export type Profile = z.infer<typeof profile>;

export interface Home {
  readonly dir: string;
  readonly path: (name: string) => string;
  /** The text of a file, or null when it is not there. */
  readonly read: (name: string) => Promise<string | null>;
  /** Replaces a file as a whole, mode 0600. */
  readonly write: (name: string, text: string) => Promise<void>;
  readonly append: (name: string, text: string) => Promise<void>;
  readonly remove: (name: string) => Promise<void>;
  /** Names in a folder, sorted; none when it is not there. */
  readonly list: (folder: string) => Promise<string[]>;
  readonly profile: () => Promise<Profile>;
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** Files and folders of the person whose machine this is. */
export const createHome = (env: NodeJS.ProcessEnv): Home => {
  const dir = resolve(env['BREAKGLASS_HOME'] ?? join(homedir(), '.breakglass'));
  const path = (name: string): string => join(dir, name);
  const makeFolders = async (name: string): Promise<void> => {
    await mkdir(dirname(path(name)), { recursive: true, mode: 0o700 });
    await chmod(dir, 0o700);
  };
  const read = async (name: string): Promise<string | null> => {
    try {
      return await readFile(path(name), 'utf8');
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  };
  return {
    dir,
    path,
    read,
    write: async (name, text) => {
      await makeFolders(name);
      await writePrivately(path(name), text);
    },
    append: async (name, text) => {
      await makeFolders(name);
      await appendFile(path(name), text, { mode: 0o600 });
    },
    remove: (name) => rm(path(name), { force: true }),
    list: async (folder) => {
      try {
        return (await readdir(path(folder))).sort();
      } catch (error) {
        if (isMissing(error)) return [];
        throw error;
      }
    },
    profile: async () => {
      const text = await read('profile.json');
      if (text === null)
        throw usage(
          `this machine has no profile in ${dir}`,
          'breakglass init --person YOU --api URL --ssh-key FILE',
        );
      const parsed = profile.safeParse(parseJson(text));
      if (!parsed.success) throw usage(`${path('profile.json')} is not a profile`, 'breakglass init --help');
      return parsed.data;
    },
  };
};

/** JSON as unknown; undefined when it is none, so that a schema says what is wrong. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Writes beside the file and renames: a reader, or a power cut, sees the old text or the new one. */
export const writePrivately = async (file: string, text: string): Promise<void> => {
  const beside = `${file}.${process.pid}.new`;
  const handle = await open(beside, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(beside, file);
};

/**
 * Reads a file that the person named.
 *
 * @throws {@link CliError} `not-found`
 */
export const readNamed = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) throw new CliError(exits.notFound, 'not-found', `there is no file ${file}`);
    throw error;
  }
};

/** Whether anybody but the owner could read a file, as ssh asks of its keys. */
export const isOpenToOthers = async (file: string): Promise<boolean> =>
  process.platform !== 'win32' && ((await stat(file)).mode & 0o077) !== 0;
