/** What could come next on a command line: commands, options, and the values they take. */
import { Option, type Command } from 'commander';
import type { NameKind, Named } from './completionNames.ts';
import { oneLine } from './printable.ts';

/** A line for the shell's script instead of a value: it completes files itself. */
const FILES = ':files';

/** Options whose values can be named, by their long flag. */
const valuesOf: Readonly<Record<string, NameKind | 'file'>> = {
  '--scenario': 'scenario',
  '--condition': 'condition',
  '--account': 'account',
  '--person': 'person',
  '--part': 'part',
  '--phase': 'phase',
  '--kind': 'kind',
  '--document': 'document',
  '--ssh-key': 'file',
  '--age-identity': 'file',
  '--file': 'file',
  '--witness': 'file',
  '--previous': 'file',
  '--out': 'file',
};

const argumentKinds: Readonly<Record<string, NameKind | 'file'>> = {
  account: 'account',
  case: 'case',
  'case|account': 'case or account',
  file: 'file',
  bundle: 'file',
  old: 'file',
  new: 'file',
  shell: 'shell',
};

/** Commands that look at what is over too. */
const looking = ['history', 'status'];

/** Gives the names of a kind; `given` holds the option values typed so far. */
export type NamesOf = (
  kind: NameKind,
  given: ReadonlyMap<string, readonly string[]>,
) => Promise<readonly Named[]>;

interface Place {
  readonly command: Command;
  readonly given: ReadonlyMap<string, readonly string[]>;
  readonly positionals: number;
  /** The option whose value is typed now. */
  readonly open: Option | null;
}

/**
 * The candidates for the last word.
 *
 * @param words - what follows the program's name, the last one perhaps empty or half typed
 * @returns lines of a value, a tab and what it is; or one that leaves files to the shell
 */
export const complete = async (
  program: Command,
  words: readonly string[],
  namesOf: NamesOf,
): Promise<string[]> => {
  const typed = words.at(-1) ?? '';
  const place = walk(program, words.slice(0, -1));
  const [flag = '', inline] = typed.startsWith('--') ? typed.split(/=(.*)/s) : [];
  const inlineOption =
    inline === undefined ? undefined : optionsOf(program, place.command).find((each) => each.long === flag);
  const candidates =
    inlineOption === undefined
      ? await candidatesAt(program, place, typed, namesOf)
      : (await values(place, inlineOption, namesOf)).map(({ name, says }) => ({
          name: `${flag}=${name}`,
          says,
        }));
  return candidates
    .filter(({ name }) => name === FILES || name.startsWith(typed))
    .map(({ name, says }) => (name === FILES ? name : `${name}\t${oneLine(says)}`));
};

const candidatesAt = async (
  program: Command,
  place: Place,
  typed: string,
  namesOf: NamesOf,
): Promise<readonly Named[]> => {
  const { command, given, positionals, open } = place;
  const isOption = typed.startsWith('-');
  // A variadic option takes words until the next option.
  if (open !== null && !(open.variadic && isOption)) return values(place, open, namesOf);
  if (!isOption && command.commands.length > 0)
    return command.commands.map((each) => ({ name: each.name(), says: each.description() }));
  const argument =
    command.registeredArguments[positionals] ?? command.registeredArguments.find((each) => each.variadic);
  if (!isOption && argument !== undefined) {
    const kind = argumentKinds[argument.name()];
    if (kind === undefined) return [];
    const isOfAll = kind !== 'file' && looking.includes(command.name());
    return named(
      kind === 'case' && isOfAll
        ? 'any case'
        : kind === 'case or account' && isOfAll
          ? 'any case or account'
          : kind,
      given,
      namesOf,
    );
  }
  return optionsOf(program, command)
    .filter(({ long, variadic }) => long != null && (variadic || !given.has(long)))
    .map(({ long, description }) => ({ name: long ?? '', says: description }));
};

const values = async ({ given }: Place, option: Option, namesOf: NamesOf): Promise<readonly Named[]> => {
  const kind = valuesOf[option.long ?? ''];
  return kind === undefined ? [] : named(kind, given, namesOf);
};

const named = async (
  kind: NameKind | 'file',
  given: Place['given'],
  namesOf: NamesOf,
): Promise<readonly Named[]> => (kind === 'file' ? [{ name: FILES, says: '' }] : namesOf(kind, given));

const help = new Option('--help', 'display help for command');
const optionsOf = (program: Command, command: Command) => [
  ...(command === program ? [] : command.options),
  ...program.options.filter((each) => command === program || each.long !== '--version'),
  help,
];

/** Where the words before the last one lead. */
const walk = (program: Command, words: readonly string[]): Place => {
  let command = program;
  let open: Option | null = null;
  let positionals = 0;
  const given = new Map<string, string[]>();
  for (const word of words) {
    const below =
      positionals === 0 && open === null ? command.commands.find((each) => each.name() === word) : undefined;
    if (below !== undefined) {
      command = below;
    } else if (word.startsWith('-')) {
      const [flag = '', inline] = word.split(/=(.*)/s);
      const option = [...command.options, ...program.options].find(
        (each) => each.long === flag || each.short === flag,
      );
      given.set(flag, [...(given.get(flag) ?? []), ...(inline === undefined ? [] : [inline])]);
      open =
        inline === undefined && option !== undefined && (option.required || option.optional) ? option : null;
    } else if (open === null) {
      positionals += 1;
    } else {
      given.get(open.long ?? '')?.push(word);
      if (!open.variadic) open = null;
    }
  }
  return { command, given, positionals, open };
};
