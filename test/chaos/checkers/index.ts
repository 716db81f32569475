/** One checker for each thing promised: evidence in, violations out. Each has a planted one in `planted.ts`. */
import type { Evidence } from '../evidence.ts';
import { forgedOrAlone } from './forged.ts';
import { effectsWithoutRow, ledgerChanged } from './ledger.ts';
import { loginsUnheard, unclaimedUnheard } from './logins.ts';
import { messagesLost, owedAndLost } from './owed.ts';
import { secretsInTheClear } from './secrets.ts';
import type { Verdict } from './verdict.ts';
import { waysInLost } from './wayIn.ts';

export const checkers = {
  '1 no secret in the clear': secretsInTheClear,
  '2 always a way in': waysInLost,
  '3 every login rings, once recorded': loginsUnheard,
  '3 an undeclared login rings again': unclaimedUnheard,
  '4 nothing owed is lost': owedAndLost,
  '4 every message reaches its channels': messagesLost,
  '5 nobody alone, nothing forged': forgedOrAlone,
  '6 the chain holds, rows once': ledgerChanged,
  '6 no effect without its row': effectsWithoutRow,
} as const satisfies Record<string, (evidence: Evidence) => Verdict>;
export type CheckerName = keyof typeof checkers;

export const checkerNames = Object.keys(checkers) as CheckerName[];

/** How much each checker looked at. */
export type Looked = Readonly<Record<CheckerName, number>>;
const lookedBy = (howMuch: (name: CheckerName) => number): Looked =>
  Object.fromEntries(checkerNames.map((name) => [name, howMuch(name)])) as Record<CheckerName, number>;
export const nothingLooked = lookedBy(() => 0);
export const sumOfLooked = (one: Looked, other: Looked): Looked =>
  lookedBy((name) => one[name] + other[name]);

/** Every violation, after the name of the checker that found it, and how much each checker looked at. */
export const judgedBy = (
  evidence: Evidence,
): { readonly violations: readonly string[]; readonly looked: Looked } => {
  const verdicts = new Map(checkerNames.map((name) => [name, checkers[name](evidence)]));
  return {
    violations: [...verdicts].flatMap(([name, { wrong }]) => wrong.map((what) => `${name}: ${what}`)),
    looked: lookedBy((name) => verdicts.get(name)?.looked ?? 0),
  };
};
