/** Where a case's rows stand in the ledger, and up to where witnesses vouch for it. */
import type { Checkpoint } from '../../../core/contracts/checkpoint.ts';
import type { CaseId } from '../../../core/contracts/ids.ts';
import type { Row } from '../../../core/contracts/ledger.ts';
import { verifyWitnessed } from '../../../core/evidence/checkpoint.ts';
import { chainRow } from '../../../core/evidence/ledgerRow.ts';
import type { Api } from '../api.ts';
import { CliError } from '../exits.ts';
import { ledgerRows, mapRows } from '../ledgerRows.ts';

export type Chain =
  /** Every row of the ledger was read, and follows from the one before; the case's are among them, and no other. */
  | {
      readonly kind: 'followed';
      readonly rows: number;
      readonly head: string;
      /** The newest checkpoint that fits; null when there was none to compare with. */
      readonly witnessed: Checkpoint | null;
    }
  | { readonly kind: 'not-read'; readonly why: string }
  | { readonly kind: 'broken'; readonly why: string };

/** What would be told of the case if it were read from the ledger. */
const isAbout = (row: Row, id: CaseId): boolean =>
  row.case_id === id || (row.metadata.events ?? []).some((each) => 'case' in each && each.case === id);

/**
 * Follows the ledger's chain from its first row, and looks for the history's rows in it.
 *
 * @param history - what the api gave as the case's rows
 * @param checkpoints - of witnesses, their signatures verified
 */
export const followChain = async (
  api: Api,
  about: {
    readonly id: CaseId;
    readonly history: readonly Row[];
    readonly checkpoints: readonly Checkpoint[];
  },
  progress: (seq: number) => void,
): Promise<Chain> => {
  const { id, history, checkpoints } = about;
  const hashes = new Map(history.map(({ seq, hash }) => [seq, hash]));
  const found = new Set<number>();
  const wrong: string[] = [];
  const look = (row: Row): Row => {
    const hash = hashes.get(row.seq);
    if (hash === row.hash) found.add(row.seq);
    else if (hash !== undefined) wrong.push(`row ${row.seq} of the ledger is another than the one shown`);
    else if (isAbout(row, id)) wrong.push(`row ${row.seq} is about the case, and was left out`);
    return row;
  };
  try {
    const rows = mapRows(ledgerRows(api, progress), (row) => chainRow(look(row)));
    const verdict = await verifyWitnessed(rows, checkpoints);
    if (!verdict.ok) return { kind: 'broken', why: verdict.message };
    const missing = history
      .filter(({ seq }) => !found.has(seq))
      .map(({ seq }) => `row ${seq} is not in the ledger`);
    const why = wrong[0] ?? missing[0];
    if (why !== undefined) return { kind: 'broken', why };
    const { head } = verdict.seen;
    return { kind: 'followed', rows: head.seq, head: head.hash, witnessed: verdict.witnessed };
  } catch (error) {
    if (error instanceof CliError && error.code === 'forbidden')
      return { kind: 'not-read', why: 'your roles do not read the ledger; an auditor follows its chain' };
    throw error;
  }
};
