import { didYouMean } from '../nearest.ts';

/** What is wrong with a config, and what to write instead. */
export interface ConfigFinding {
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** What to do, such as `did you mean ana?` or `write 2 or more`. */
  readonly instead: string;
  /** An error must be mended before signing; a warning is for the signers to weigh. */
  readonly severity: 'error' | 'warning';
}

export type Path = ConfigFinding['path'];

export const error = (path: Path, message: string, instead: string): ConfigFinding => ({
  ...{ path, message, instead, severity: 'error' },
});

export const warning = (path: Path, message: string, instead: string): ConfigFinding => ({
  ...{ path, message, instead, severity: 'warning' },
});

/** A list as far as it could be read: with holes, or a hole itself. */
export type Names = readonly (string | undefined)[] | undefined;

/** The entries that could be read. */
export const readable = <T>(entries: readonly (T | undefined)[] | undefined): T[] =>
  (entries ?? []).filter((each) => each !== undefined);

/** Whether there is more than could be read: nothing may be said then of what is not there. */
export const hasHoles = (entries: readonly unknown[] | undefined): boolean =>
  entries?.includes(undefined) ?? true;

/** The place and name of each entry that a record does not have; nothing where the record itself is not read. */
export const unknownIn = (
  record: object | undefined,
  what: string,
  path: Path,
  names: Names,
): ConfigFinding[] =>
  (names ?? []).flatMap((name, index) =>
    record === undefined || name === undefined || Object.hasOwn(record, name)
      ? []
      : [error([...path, index], `no ${what} is named ${name}`, didYouMean(name, Object.keys(record)))],
  );

export const repeated = (path: Path, names: Names): ConfigFinding[] =>
  (names ?? []).flatMap((name, index) =>
    name === undefined || names?.indexOf(name) === index
      ? []
      : [error([...path, index], `${name} is named twice, and counts once`, 'leave one out')],
  );

/** `ana`, `ana or ravi`, `ana, ravi or lena`. */
export const oneOf = (names: readonly string[]): string =>
  names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}`;
