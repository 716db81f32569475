/** The real command line, taken apart without running anything. */
import type { Command } from 'commander';
import { createProgram } from '../../client/cli/program.ts';
import { realSurroundings } from '../../client/cli/surroundings.ts';

const silent = { write: () => true };

/** Every command that does something, by its full name without `breakglass`. */
export const leavesOf = (command: Command, before: readonly string[] = []): Map<string, Command> =>
  new Map(
    command.commands.length === 0
      ? [[before.join(' '), command] as const]
      : command.commands.flatMap((each) => [...leavesOf(each, [...before, each.name()])]),
  );

/** The program with actions that do nothing: parsing is all that is left. */
export const idleProgram = (): { readonly program: Command; readonly ran: () => string | null } => {
  const { program } = createProgram({ ...realSurroundings(), stdout: silent, stderr: silent });
  let last: string | null = null;
  for (const [name, leaf] of leavesOf(program)) {
    leaf.action(() => {
      last = name;
    });
  }
  return { program, ran: () => last };
};

export const leaves: ReadonlyMap<string, Command> = leavesOf(idleProgram().program);

/**
 * Parses a command line as the shell and the program would.
 *
 * @param args - what follows `breakglass`
 * @returns the command's full name
 * @throws CommanderError for an unknown command or option, or one that lacks what it needs
 */
export const parse = (args: readonly string[]): string => {
  const { program, ran } = idleProgram();
  program.parse([...args], { from: 'user' });
  const name = ran();
  if (name === null) throw new Error(`breakglass ${args.join(' ')} names no command`);
  return name;
};

/** Splits a line as a POSIX shell does, as far as documents use one: quotes, and a redirection at the end. */
export const words = (line: string): string[] =>
  [...line.replace(/\s>\s*\S+$/, '').matchAll(/(?:[^\s"']+|"([^"]*)"|'([^']*)')+/g)].map(([word]) =>
    word.replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2'),
  );

/** Logical lines: those that end in a backslash go on; comments keep their `#`. */
export const logicalLines = (lines: readonly string[]): string[] =>
  lines
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
