import { isDeepStrictEqual } from 'node:util';
import { accountId } from '../../../core/contracts/ids.ts';
import { GENESIS_HASH, rowHash } from '../../../core/evidence/chain.ts';
import { ledgerRowText } from '../../../core/evidence/ledgerRow.ts';
import { foldAccount, foldCase } from '../../../core/rules/streams.ts';
import { caseId } from '../../../core/contracts/ids.ts';
import type { Evidence } from '../evidence.ts';

/** Promise 6: the chain holds, and each key was written once. */
export const ledgerChanged = ({ rows }: Evidence): string[] => {
  let previous = GENESIS_HASH;
  const keys = new Set<string>();
  return rows.flatMap((row, n) => {
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
};

/** Promise 6: nothing took effect without its row. What a workflow believes is what the rows say, in their order. */
export const effectsWithoutRow = ({ rows, copies, account }: Evidence): string[] =>
  [...copies].flatMap(([id, copy]) => {
    const told = caseId.safeParse(id).success
      ? foldCase([...rows], caseId.parse(id))
      : foldAccount([...rows], accountId.parse(account));
    const why = typeof copy === 'string' ? `: ${copy}` : '';
    return isDeepStrictEqual(copy, told) ? [] : [`${id} believes something else than the ledger says${why}`];
  });
