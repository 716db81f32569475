/** One checker for each thing promised: evidence in, violations out. Each has a planted one in `planted.ts`. */
import type { Evidence } from '../evidence.ts';
import { forgedOrAlone } from './forged.ts';
import { effectsWithoutRow, ledgerChanged } from './ledger.ts';
import { loginsUnheard, unclaimedUnheard } from './logins.ts';
import { messagesLost, owedAndLost } from './owed.ts';
import { secretsInTheClear } from './secrets.ts';
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
} as const satisfies Record<string, (evidence: Evidence) => string[]>;
export type CheckerName = keyof typeof checkers;

/** Every violation, after the name of the checker that found it. */
export const violationsIn = (evidence: Evidence): string[] =>
  Object.entries(checkers).flatMap(([name, check]) => check(evidence).map((what) => `${name}: ${what}`));
