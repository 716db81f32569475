import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CommanderError } from 'commander';
import { KratosError } from '../../adapters/kratos/index.ts';
import { complete } from './completion.ts';
import { completionNames } from './completionNames.ts';
import { ASK } from './completionScripts.ts';
import type { Context } from './context.ts';
import { endCoreDumps } from './coreDumps.ts';
import { CliError, exits, type Exit } from './exits.ts';
import { createProgram } from './program.ts';
import { realSurroundings, type Surroundings } from './surroundings.ts';

/**
 * Runs one command.
 *
 * @param argv - what follows the program's name
 * @returns the exit code, see `exits`
 */
export const main = async (
  argv: readonly string[],
  surroundings: Surroundings = realSurroundings(),
): Promise<Exit> => {
  const { program, context } = createProgram(surroundings);
  const [first, ...words] = argv;
  if (first === ASK) {
    for (const line of await complete(program, words, completionNames(context)))
      surroundings.stdout.write(`${line}\n`);
    return exits.ok;
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exits.ok;
  } catch (error) {
    return report(error, context);
  }
};

const report = (error: unknown, { out }: Context): Exit => {
  // Commander has said what is wrong, and what was perhaps meant.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exits.ok : exits.usage;
  if (error instanceof CliError) {
    if (error.exit === exits.warnings && !out.isJson) out.warn(error.message);
    else out.error(error.code, error.message);
    if (error.next !== undefined) out.next(error.next);
    return error.exit;
  }
  if (error instanceof KratosError) {
    out.error(error.id, error.message);
    return error.retryable ? exits.unreachable : exits.unexpected;
  }
  // The message only: a stack or a cause may hold what a command was given.
  out.error('unexpected', error instanceof Error ? `${error.name}: ${error.message}` : 'unknown error');
  return exits.unexpected;
};

const isEntry = (): boolean => {
  const [, script] = process.argv;
  return script !== undefined && realpathSync(script) === fileURLToPath(import.meta.url);
};

if (isEntry()) {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that has seen enough, such as `head`, is no failure.
    if (error.code !== 'EPIPE') throw error;
  });
  if (!endCoreDumps())
    process.stderr.write(
      'warning: a crash of this command could leave its secrets on the disk: ulimit -c 0 first\n',
    );
  process.exitCode = await main(process.argv.slice(2));
}
