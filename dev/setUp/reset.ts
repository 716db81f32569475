import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Progress } from '../cache.ts';
import { endOrphans } from '../processes.ts';
import { removeClusters } from '../servers/postgresClusters.ts';
import { failure } from './failures.ts';
import { isOfTheLock, marks, type HeldState } from './state.ts';

/** Where somebody is asked: nowhere, unless both are a terminal. */
export interface Asking {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

const askedFor = async (folder: string, { stdin, stderr }: Asking): Promise<boolean> => {
  if (stdin.isTTY !== true || stderr.isTTY !== true) throw failure('needs-yes', { folder });
  const lines = createInterface({ input: stdin, output: stderr });
  try {
    // Ctrl-C and Ctrl-D at the question are a no; whichever event comes first counts, also when both come at once.
    const answer = new Promise<string>((resolve) => {
      lines.once('line', resolve).once('close', () => resolve(''));
    });
    lines.setPrompt(
      `This deletes all that is in ${folder}: cases, ledger, people's keys. Delete it? Type yes: `,
    );
    lines.prompt();
    return (await answer).trim().toLowerCase() === 'yes';
  } finally {
    lines.close();
  }
};

/**
 * Deletes a state: what a killed run left running is ended first, then go the databases, then everything else.
 *
 * @param state - held, so that no other start is in the middle of it
 * @param options.isSure - true for `--yes`: nobody is asked
 * @throws SetUpFailure when nobody can be asked, or the answer was no
 */
export const resetState = async (
  state: HeldState,
  options: { readonly isSure: boolean; readonly asking: Asking; readonly progress: Progress },
): Promise<HeldState> => {
  const { folder } = state;
  if (state.isNew) return state;
  if (!options.isSure && !(await askedFor(folder, options.asking))) throw failure('declined', { folder });
  for (const name of await endOrphans(folder))
    options.progress(`ended ${name}, left behind by an earlier run`);
  await removeClusters(folder);
  // The stamp and the lock go last, or not at all: interrupted in between, it can be asked for again.
  const entries = (await readdir(folder)).filter((name) => name !== 'lost+found' && !isOfTheLock(name));
  for (const name of entries.toSorted((one, other) => Number(marks.has(one)) - Number(marks.has(other))))
    await rm(join(folder, name), { recursive: true, force: true });
  options.progress(`deleted all that was in ${folder}`);
  return { ...state, isNew: true };
};
