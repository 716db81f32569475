import type { AccountId, CaseId } from '../../core/contracts/ids.ts';
import type { Row } from '../../core/contracts/ledger.ts';
import { evolveAccount } from '../../core/rules/account/evolve.ts';
import { emptyAccount } from '../../core/rules/account/state.ts';
import { evolveCase } from '../../core/rules/case/evolve.ts';
import type { CaseState } from '../../core/rules/case/state.ts';

/** The streams as the rows leave them, folded only as far as they have grown. */
export const createStates = (account: AccountId, rows: readonly Row[]) => {
  let read = 0;
  let state = emptyAccount(account);
  const cases = new Map<CaseId, CaseState>();
  return () => {
    for (; read < rows.length; read += 1)
      for (const each of rows[read]?.metadata.events ?? [])
        if ('case' in each) cases.set(each.case, evolveCase(cases.get(each.case) ?? null, each.event));
        else state = evolveAccount(state, each.event);
    return { account: state, cases: [...cases.values()] };
  };
};
