/** `database`: see `command.ts`. */
import { SettingsError } from '../../adapters/settings/faults.ts';
import { WRONG_SETTINGS } from '../../adapters/settings/run.ts';
import { database } from './command.ts';

const to =
  (stream: NodeJS.WriteStream) =>
  (text: string): void =>
    void stream.write(`${text}\n`);

database(process.argv.slice(2), process.env, to(process.stdout), to(process.stderr)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    to(process.stderr)(`database: ${error instanceof Error ? error.message : 'failed'}`);
    process.exitCode = error instanceof SettingsError ? WRONG_SETTINGS : 1;
  },
);
