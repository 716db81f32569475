/** What the command line touches besides files; a test gives its own. */
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

export interface TextStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: TextStream;
  readonly stderr: TextStream;
  readonly now: () => Date;
  /** From a cryptographic source. */
  readonly random: (length: number) => Uint8Array;
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** To the api only; Kratos has its own client. */
  readonly fetch: typeof fetch;
}

/** This process's own. */
export const realSurroundings = (): Surroundings => ({
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  now: () => new Date(),
  random: randomBytes,
  sleep: async (milliseconds) => {
    await wait(milliseconds);
  },
  fetch,
});

/** Random bytes as lower-case hex, two digits a byte. */
export const randomHex = ({ random }: Pick<Surroundings, 'random'>, bytes: number): string =>
  Buffer.from(random(bytes)).toString('hex');
