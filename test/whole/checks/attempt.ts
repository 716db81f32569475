/** One attempt that must be refused, and everything that came of it. */
import { randomBytes } from 'node:crypto';
import { problem } from '../../../core/contracts/http.ts';
import type { AccountId } from '../../../core/contracts/ids.ts';
import type { Row } from '../../../core/contracts/ledger.ts';
import type { Envelope } from '../../../core/contracts/statements.ts';
import type { Stack } from '../../../dev/stack/index.ts';
import { changes, type Lookout } from './lookout.ts';

/** How an attempt was answered. */
export interface Answer {
  /** The command line's exit code, an HTTP status, or 1 for a failed update. */
  readonly exit: number;
  /** The line a person saw. */
  readonly line: string;
}

export interface Tried extends Answer {
  readonly what: string;
  readonly how: 'command' | 'http' | 'temporal';
  /** The rows it left in the ledger. */
  readonly rows: readonly Row[];
  /** What else was different afterwards, by name. */
  readonly changed: readonly string[];
}

/** Where attempts are made. */
export interface Scene {
  readonly stack: Stack;
  readonly account: AccountId;
  readonly lookout: Lookout;
}

/** Makes an attempt and compares everything before and after it. */
export const attempt = async (
  { lookout, account }: Scene,
  what: string,
  how: Tried['how'],
  run: () => Promise<Answer>,
): Promise<Tried> => {
  const head = await lookout.head();
  const before = await lookout.facts(account);
  const answer = await run();
  const rows = await lookout.rowsAfter(head);
  return { what, how, ...answer, rows, changed: changes(before, await lookout.facts(account)) };
};

/** Runs a command of the real CLI as a person. */
export const command = async (
  { cli }: Stack,
  person: string,
  ...args: readonly string[]
): Promise<Answer> => {
  const { exit, stderr } = await cli(person, ...args);
  const said = stderr.split('\n').find((line) => line.startsWith('error: ')) ?? '';
  return { exit, line: said.replace('error: ', '') };
};

/** Posts an envelope to the api, by no tool of ours. */
export const post = async ({ origin }: Stack, envelope: Envelope): Promise<Answer> => {
  const answer = await fetch(`${origin}/v1/statements`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': randomBytes(16).toString('hex') },
    body: JSON.stringify(envelope),
  });
  const said = problem.safeParse(await answer.json());
  return { exit: answer.status, line: said.success ? said.data.detail : '' };
};
