/** `payload-keys`: see `command.ts`. */
import { payloadKeys } from './command.ts';

const to =
  (stream: NodeJS.WriteStream) =>
  (text: string): void =>
    void stream.write(`${text}\n`);

payloadKeys(process.argv.slice(2), process.env, to(process.stdout), to(process.stderr)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    to(process.stderr)(`payload-keys: ${error instanceof Error ? error.message : 'failed'}`);
    process.exitCode = 1;
  },
);
