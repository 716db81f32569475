import type { LedgerReader } from '../../adapters/postgres/index.ts';
import type { AccountEvent } from '../../core/contracts/events.ts';
import type { AccountId, CaseId } from '../../core/contracts/ids.ts';
import type { Row } from '../../core/contracts/ledger.ts';
import { evolveAccount } from '../../core/rules/account/evolve.ts';
import { emptyAccount, type AccountState } from '../../core/rules/account/state.ts';
import { evolveCase } from '../../core/rules/case/evolve.ts';
import { kindOf, type CaseState } from '../../core/rules/case/state.ts';
import { measuresOf, type Measure } from '../../core/rules/measures.ts';

const PAGE = 500;

export interface Told {
  readonly onMeasure: (measure: Measure) => void;
  readonly onRow: (row: Row) => void;
  readonly onAccountEvent: (event: AccountEvent, before: AccountState) => void;
}

export interface Followed {
  /** All there ever were. */
  readonly cases: ReadonlyMap<CaseId, CaseState>;
  readonly accounts: ReadonlyMap<AccountId, AccountState>;
  /** When each account's last drill got in. UTC. */
  readonly drills: ReadonlyMap<AccountId, string>;
  /** The last row that was read. */
  readonly seq: () => number;
  /** Whether the whole ledger has been read once: before that a count would seem to fall. */
  readonly isWhole: () => boolean;
  /** Reads what is new; however many ask at once, it is read once. */
  readonly catchUp: () => Promise<void>;
}

/**
 * Folds the ledger from its first row on, so that what is counted is the same after a restart, and nothing that
 * happened while nobody counted is missed.
 */
export const followLedger = (reader: Pick<LedgerReader, 'rowsAfter'>, told: Told): Followed => {
  const cases = new Map<CaseId, CaseState>();
  const accounts = new Map<AccountId, AccountState>();
  const drills = new Map<AccountId, string>();
  let seq = 0;
  let isWhole = false;
  let reading: Promise<void> | null = null;

  const absorb = (row: Row): void => {
    told.onRow(row);
    for (const each of row.metadata.events ?? []) {
      if ('account' in each) {
        const before = accounts.get(each.account) ?? emptyAccount(each.account);
        told.onAccountEvent(each.event, before);
        accounts.set(each.account, evolveAccount(before, each.event));
        continue;
      }
      const before = cases.get(each.case) ?? null;
      const after = evolveCase(before, each.event);
      measuresOf(before, after).forEach(told.onMeasure);
      const gotIn = after.times['in-session'];
      if (kindOf(after) === 'drill' && gotIn !== undefined) drills.set(after.opening.account, gotIn);
      cases.set(each.case, after);
    }
    seq = row.seq;
  };

  const read = async (): Promise<void> => {
    for (;;) {
      const rows = await reader.rowsAfter(seq, PAGE);
      rows.forEach(absorb);
      if (rows.length < PAGE) break;
    }
    isWhole = true;
  };
  return {
    ...{ cases, accounts, drills },
    seq: () => seq,
    isWhole: () => isWhole,
    catchUp: () => (reading ??= read().finally(() => (reading = null))),
  };
};
