/** What witnesses kept of the ledger, from files to checkpoints whose signatures hold. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { signedCheckpoint, type Checkpoint, type SignedCheckpoint } from '../../core/contracts/checkpoint.ts';
import { openCheckpoint } from '../../core/trust/checkpoint.ts';
import type { Api } from './api.ts';
import { followConfig } from './configPin.ts';
import type { Context } from './context.ts';
import { CliError, exits, notFound, usage } from './exits.ts';
import { parseJson } from './home.ts';
import { oneLine } from './printable.ts';

/** A checkpoint as SNS hands it to a queue, a mailbox or an archive. */
const notification = z.object({ Message: z.string() });

/**
 * Reads checkpoints, a line each, and verifies that the worker of a config pinned here signed every one.
 * A line that is no checkpoint (one a crash cut short) is said and passed over; one with a wrong signature is not.
 *
 * @throws CliError `not-found`; `usage` if there is not a single checkpoint; `bad-checkpoint` naming file and line
 */
export const readWitnesses = async (
  { home, out }: Context,
  api: Api,
  files: readonly string[],
): Promise<Checkpoint[]> => {
  const { configs } = await followConfig(home, api);
  const checkpoints: Checkpoint[] = [];
  for (const file of files) {
    const lines = (await readText(file)).split('\n').map((line, index) => ({ line, number: index + 1 }));
    for (const { line, number } of lines.filter((each) => each.line.trim() !== '')) {
      const signed = readLine(line);
      if (signed === null) {
        out.warn(`${file}:${number} is no checkpoint; passed over`);
        continue;
      }
      const opened = openCheckpoint(signed, configs);
      if (!opened.ok)
        throw new CliError(
          exits.refused,
          'bad-checkpoint',
          `${file}:${number} proves nothing: ${oneLine(opened.why)}`,
        );
      checkpoints.push(opened.checkpoint);
    }
  }
  if (checkpoints.length === 0) throw usage(`there is no checkpoint in ${files.join(', ')}`);
  return checkpoints;
};

const readText = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch {
    throw notFound(`cannot read ${file}`);
  }
};

const readLine = (line: string): SignedCheckpoint | null => {
  const value = parseJson(line);
  const wrapped = notification.safeParse(value);
  const parsed = signedCheckpoint.safeParse(wrapped.success ? parseJson(wrapped.data.Message) : value);
  return parsed.success ? parsed.data : null;
};
