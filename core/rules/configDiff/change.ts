/** What a new config does to somebody or something, as a sentence. */
export interface ConfigChange {
  readonly what:
    | 'person'
    | 'role'
    | 'key'
    | 'account'
    | 'use'
    | 'approve'
    | 'custody'
    | 'own'
    | 'scenario'
    | 'sign'
    | 'told'
    | 'read'
    | 'quorum'
    | 'threshold'
    | 'deadline'
    | 'together'
    | 'alone'
    | 'setting';
  /** The account it is about; null when it is about all of them. */
  readonly account: string | null;
  /** Whom it is about; null when it is about nobody in particular. */
  readonly person: string | null;
  readonly effect: 'gains' | 'loses' | 'changes';
  /** Fewer people, other keys or more time than before stand before an account: look twice. */
  readonly isLooser: boolean;
  readonly says: string;
}

/** What changes in a set of names: who is new in it, and who is gone. */
export const moves = (
  before: readonly string[],
  after: readonly string[],
): readonly { readonly name: string; readonly effect: 'gains' | 'loses' }[] => [
  ...[...new Set(after)]
    .filter((name) => !before.includes(name))
    .map((name) => ({ name, effect: 'gains' as const })),
  ...[...new Set(before)]
    .filter((name) => !after.includes(name))
    .map((name) => ({ name, effect: 'loses' as const })),
];

/** The names of two records, each once, in the order of the newer one. */
export const namesOf = (before: object, after: object): string[] => [
  ...new Set([...Object.keys(after), ...Object.keys(before)]),
];

/** An entry of a record by a name that may be anything. */
export const entry = <T extends object>(record: T, name: string): T[keyof T] | undefined =>
  Object.hasOwn(record, name) ? record[name as keyof T] : undefined;

/** Seconds as people say them: `90 s`, `30 min`, `48 h`. */
export const lasting = (seconds: number): string => {
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
};
