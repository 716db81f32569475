/** Doctor's verdict for people: what is wrong first, and in one line each what is well. */
import type { Check, CheckLevel } from '../../../core/contracts/checks.ts';
import { CliError, exits } from '../exits.ts';
import { oneLine } from '../printable.ts';

const order = ['broken', 'warning', 'unknown', 'ok'] as const satisfies readonly CheckLevel[];
const marks = { broken: 'BROKEN ', warning: 'WARNING', unknown: 'unknown', ok: 'ok     ' } as const;

export const sorted = (checks: readonly Check[]): Check[] =>
  order.flatMap((level) => checks.filter((each) => each.level === level));

/** The worst that was found; what could not be looked at is no fault. */
export const verdictOf = (checks: readonly Check[]): 'well' | 'warnings' | 'broken' => {
  if (checks.some(({ level }) => level === 'broken')) return 'broken';
  return checks.some(({ level }) => level === 'warning') ? 'warnings' : 'well';
};

const indent = ' '.repeat(marks.ok.length + 2);

const shown = ({ id, level, says, still, remedy }: Check): string =>
  [
    `${marks[level]}  ${oneLine(id)}: ${oneLine(says)}`,
    ...(still === null ? [] : [`${indent}still works: ${oneLine(still)}`]),
    ...(remedy === null ? [] : [`${indent}do: ${oneLine(remedy)}`]),
  ].join('\n');

export const showChecks = (checks: readonly Check[]): string => sorted(checks).map(shown).join('\n');

/** What ends the run when something is wrong. */
export const verdictError = (checks: readonly Check[]): CliError | null => {
  const named = (level: CheckLevel): string =>
    checks
      .filter((each) => each.level === level)
      .map(({ id }) => id)
      .join(', ');
  switch (verdictOf(checks)) {
    case 'well':
      return null;
    case 'warnings':
      return new CliError(exits.warnings, 'warnings', `to be looked at: ${named('warning')}`);
    case 'broken':
      return new CliError(exits.broken, 'broken', `broken: ${named('broken')}`);
  }
};
