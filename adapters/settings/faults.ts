import type { z } from 'zod';
import { settingFacts, type SettingFact } from '../../core/contracts/settingFacts.ts';
import { nearest } from '../../core/rules/nearest.ts';

/** Everything that is wrong with a settings file, found before the process does anything. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  /** One line each: the setting, what is wrong, what to write. */
  readonly faults: readonly string[];

  /** @param file - null when no file was named */
  constructor(file: string | null, faults: readonly string[]) {
    const count = faults.length === 1 ? '1 fault' : `${faults.length} faults`;
    const head = file === null ? '' : `${file}: ${count}\n`;
    super(head + faults.map((fault) => (file === null ? fault : `  ${fault}`)).join('\n'));
    this.faults = faults;
  }
}

/**
 * The line, from 1, on which a text stops being JSON: the first that no end could make good. V8 tells a place for
 * some faults only.
 */
export const lineOfSyntaxError = (text: string): number => {
  const lines = text.split('\n');
  const isWrong = (_: string, at: number): boolean => {
    const begun = lines.slice(0, at + 1).join('\n') + '\n';
    try {
      JSON.parse(begun);
      return false;
    } catch (error) {
      const said = error instanceof Error ? error.message : '';
      const place = /at position (\d+)/.exec(said)?.[1];
      // Where more was expected behind the end, more may come.
      return !said.includes('end of JSON input') && Number(place ?? 0) < begun.length;
    }
  };
  const first = lines.findIndex(isWrong);
  return first === -1 ? text.trimEnd().split('\n').length : first + 1;
};

/** What stands at a path of a parsed file; undefined where there is nothing. */
export const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<PropertyKey, unknown>)[key] : undefined,
    value,
  );

const toWrite = ({ description, example }: SettingFact): string =>
  `write ${description}${example === null ? '' : `, such as ${example}`}`;

const unknownSetting = (name: string, prefix: string, facts: readonly SettingFact[]): string => {
  const own = prefix === '' ? '' : `${prefix}.`;
  const there = [
    ...new Set(
      facts.flatMap((fact) => (fact.name.startsWith(own) ? [fact.name.slice(own.length).split('.')[0]] : [])),
    ),
  ].filter((each) => each !== undefined);
  const meant = nearest(name, there) ?? there.find((each) => each.startsWith(name));
  const hint = meant === undefined ? `there are ${there.join(', ')}` : `did you mean ${own}${meant}?`;
  return `${own}${name}: there is no such setting; ${hint}`;
};

/**
 * What a person reads of the schema's complaints: where, what, and what to write instead. Values are not repeated,
 * since a secret may stand where a path should.
 */
export const faultsOf = (issues: readonly z.core.$ZodIssue[], raw: unknown): string[] => {
  const facts = settingFacts();
  return issues.flatMap((issue) => {
    const name = issue.path.filter((key) => typeof key === 'string').join('.');
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownSetting(key, name, facts));
    const fact = facts.find((each) => each.name === name);
    if (valueAt(raw, issue.path) !== undefined)
      return [`${name}: ${issue.message}${fact === undefined ? '' : `; ${toWrite(fact)}`}`];
    if (fact !== undefined)
      return [`${name}: ${issue.code === 'custom' ? issue.message : 'is missing'}; ${toWrite(fact)}`];
    return facts
      .filter((each) => each.name.startsWith(`${name}.`) && each.fallback === 'required')
      .map((each) => `${each.name}: is missing; ${toWrite(each)}`);
  });
};
