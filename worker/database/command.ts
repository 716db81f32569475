import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { migrateDatabase, secureOptions, setUpDatabase } from '../../adapters/postgres/index.ts';
import { SettingsError } from '../../adapters/settings/faults.ts';
import { loadSettings } from '../../adapters/settings/load.ts';
import { faultsOfPath } from '../../adapters/settings/paths.ts';

const help = `database: makes and migrates our tables (BREAKGLASS_SETTINGS names the worker's settings)

  database set-up --as NAME --password-file FILE --api-password-file FILE
      as a superuser: roles, database, tables; the worker's own password file gives the writer's password.
      May be repeated: sets the passwords again, and migrates.
  database migrate --as NAME --password-file FILE
      as a superuser, or as a role that was granted breakglass_owner: brings the tables to this version

Exit codes: 0 done, 1 unexpected, 2 wrong arguments, 78 wrong settings`;

const readPassword = (file: string): string => {
  const faults = faultsOfPath(file, 'secret file');
  if (faults.length > 0) throw new SettingsError(null, faults);
  return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
};

const parse = (args: readonly string[]) => {
  const option = { type: 'string' } as const;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { as: option, 'password-file': option, 'api-password-file': option },
      allowPositionals: true,
    });
    const { as: user, 'password-file': passwordFile, 'api-password-file': apiPasswordFile } = values;
    const [command, ...more] = positionals;
    if (user === undefined || passwordFile === undefined || more.length > 0) return null;
    if (command === 'set-up' && apiPasswordFile !== undefined)
      return { command, user, passwordFile, apiPasswordFile } as const;
    return command === 'migrate' && apiPasswordFile === undefined
      ? ({ command, user, passwordFile } as const)
      : null;
  } catch {
    return null;
  }
};

/**
 * An operator's tool for the tables. No password is taken from arguments or the environment, and none is printed.
 *
 * @param say - progress and data; what was wrong goes to `complain`
 * @returns the exit code
 * @throws SettingsError, and what `setUpDatabase` and `migrateDatabase` throw
 */
export const database = async (
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  say: (text: string) => void,
  complain: (text: string) => void,
): Promise<number> => {
  const asked = parse(args);
  if (asked === null) {
    complain(help);
    return 2;
  }
  const { host, port, database: name, passwordFile, tls } = loadSettings(env, 'database').postgres;
  const superuser = {
    ...{ host, port, user: asked.user, password: readPassword(asked.passwordFile) },
    ...(tls === undefined ? {} : { ssl: await secureOptions(host, tls) }),
  };
  if (asked.command === 'migrate') {
    await migrateDatabase({ ...superuser, database: name });
    say(`the tables of ${name} are those of this version; next: start worker, sentinel and api`);
    return 0;
  }
  const passwords = { writer: readPassword(passwordFile), api: readPassword(asked.apiPasswordFile) };
  await setUpDatabase({ superuser, database: name, passwords });
  say(`${name} has its roles and tables; next: start worker, sentinel and api`);
  return 0;
};
