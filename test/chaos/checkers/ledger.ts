import { isDeepStrictEqual } from 'node:util';
import { accountId, caseId } from '../../../core/contracts/ids.ts';
import { GENESIS_HASH, rowHash } from '../../../core/evidence/chain.ts';
import { ledgerRowText } from '../../../core/evidence/ledgerRow.ts';
import { evolveCase } from '../../../core/rules/case/evolve.ts';
import { finalPhases, type CaseState } from '../../../core/rules/case/state.ts';
import { caseEventsIn, foldAccount } from '../../../core/rules/streams.ts';
import type { Evidence } from '../evidence.ts';
import type { Verdict } from './verdict.ts';

/** Promise 6: the chain holds, and each key was written once. */
export const ledgerChanged = ({ rows }: Evidence): Verdict => {
  let previous = GENESIS_HASH;
  const keys = new Set<string>();
  const wrong = rows.flatMap((row, n) => {
    const { hash, ...rest } = row;
    const isRight =
      row.seq === n + 1 && row.previous === previous && rowHash(previous, ledgerRowText(rest)) === hash;
    const isDouble = keys.has(row.key);
    keys.add(row.key);
    previous = hash;
    return [
      ...(isRight ? [] : [`row ${row.seq} is not what its hash says`]),
      ...(isDouble ? [`row ${row.seq} repeats the key ${row.key}`] : []),
    ];
  });
  return { wrong, looked: rows.length };
};

/**
 * What the rows may have told a workflow by its end. One that is over hears no more: a login that is recorded late
 * still joins the case's rows, and its copy stays as it was when it ended, or a row later.
 */
const toldTo = (id: string, { rows, account }: Pick<Evidence, 'rows' | 'account'>): unknown[] => {
  const ofCase = caseId.safeParse(id);
  if (!ofCase.success) return [foldAccount([...rows], accountId.parse(account))];
  let state: CaseState | null = null;
  const ended: unknown[] = [];
  for (const row of rows) {
    const events = caseEventsIn([row], ofCase.data);
    state = events.reduce<CaseState | null>(evolveCase, state);
    if (events.length > 0 && state !== null && finalPhases.includes(state.phase)) ended.push(state);
  }
  return ended.length > 0 ? ended : [state];
};

/** The members in which they differ; of what is no belief, what was said instead. */
const differing = (copy: unknown, told: unknown): string => {
  if (typeof copy === 'string') return copy;
  const [one, other] = [copy, told].map((each) => new Map(Object.entries(each ?? {})));
  const names = new Set([...(one?.keys() ?? []), ...(other?.keys() ?? [])]);
  return [...names].filter((name) => !isDeepStrictEqual(one?.get(name), other?.get(name))).join(', ');
};

/** Promise 6: nothing took effect without its row. What a workflow believes is what the rows say, in their order. */
export const effectsWithoutRow = (it: Pick<Evidence, 'rows' | 'account' | 'copies'>): Verdict => ({
  looked: it.copies.size,
  wrong: [...it.copies].flatMap(([id, copy]) => {
    const told = toldTo(id, it);
    return told.some((each) => isDeepStrictEqual(copy, each))
      ? []
      : [`${id} believes something else than the ledger says: ${differing(copy, told.at(-1))}`];
  }),
});
