/** The ledger's rows against what a witness has of them: finds also what a chain cannot, a cut tail or a rewrite. */
import { canonicalize } from '../contracts/canonical.ts';
import type { Checkpoint } from '../contracts/checkpoint.ts';
import { digest, type Digest } from '../contracts/ids.ts';
import { verifyChain, GENESIS_HASH, type ChainFault, type ChainHead, type ChainRow } from './chain.ts';
import { emptyTree, rootOf, withLeaf, type Tree } from './merkle.ts';

/** The rows up to one that is known: where to go on from. */
export interface Seen {
  readonly head: ChainHead;
  readonly tree: Tree;
}

export const nothingSeen: Seen = { head: { seq: 0, hash: GENESIS_HASH }, tree: emptyTree };

/**
 * What is wrong: a fault of the chain, or
 *
 * - `rewritten`: the chain is whole, and yet these are not the rows that were witnessed
 * - `cut`: rows that were witnessed are not there any more
 */
export type LedgerFault = ChainFault | 'rewritten' | 'cut';

export type WitnessedVerdict =
  | {
      readonly ok: true;
      readonly seen: Seen;
      /** The longest checkpoint that the rows fit; null when there was none to compare with. */
      readonly witnessed: Checkpoint | null;
    }
  | {
      readonly ok: false;
      /** The first row that does not fit: of `rewritten` the first that may not. */
      readonly firstBad: number;
      readonly why: LedgerFault;
      readonly message: string;
    };

/**
 * Follows the chain and compares the rows with every checkpoint.
 *
 * @param rows - in order, from the row after `from`
 * @param checkpoints - whose signatures hold; in any order, any number of one size
 * @param from - where the rows begin; checkpoints of fewer rows are not looked at
 */
export async function verifyWitnessed(
  rows: AsyncIterable<ChainRow> | Iterable<ChainRow>,
  checkpoints: readonly Checkpoint[],
  from: Seen = nothingSeen,
): Promise<WitnessedVerdict> {
  const waiting = checkpoints
    .filter(({ size }) => size >= from.tree.size)
    .toSorted((one, other) => one.size - other.size);
  let tree = from.tree;
  let head = from.head.hash;
  const found: { fits: Checkpoint | null; misfit: Checkpoint | null } = { fits: null, misfit: null };

  const compare = (): void => {
    for (let next = waiting[0]; next?.size === tree.size; next = waiting[0]) {
      waiting.shift();
      if (next.head !== head || next.root !== rootOf(tree)) {
        found.misfit = next;
        return;
      }
      found.fits = next;
    }
  };
  /** Each row is compared once the chain has passed it, which is when the next one is asked for. */
  const compared = async function* (): AsyncGenerator<ChainRow> {
    compare();
    for await (const row of rows) {
      if (found.misfit !== null) return;
      yield row;
      // After a gap the chain only looks for what kind of fault it was.
      if (row.seq !== tree.size + 1) continue;
      tree = withLeaf(tree, row.hash);
      head = row.hash;
      compare();
    }
  };

  const chain = await verifyChain(compared(), from.head);
  if (found.misfit !== null) return rewritten(found.misfit, found.fits?.size ?? from.tree.size);
  if (!chain.ok) return { ok: false, firstBad: chain.firstBad, why: chain.why, message: chain.message };
  const longest = waiting.at(-1);
  if (longest !== undefined) return cut(longest, tree.size);
  return { ok: true, seen: { head: chain.head, tree }, witnessed: found.fits };
}

/** The checkpoint of rows that were verified. */
export function checkpointOf(
  { head, tree }: Seen,
  of: { readonly origin: string; readonly at: string; readonly config: Digest },
): Checkpoint {
  return { v: 1, ...of, size: tree.size, head: digest.parse(head.hash), root: digest.parse(rootOf(tree)) };
}

/** The text that is signed. */
export function checkpointText(checkpoint: Checkpoint): string {
  return canonicalize({ ...checkpoint });
}

function rewritten({ size, at }: Checkpoint, known: number): WitnessedVerdict {
  const firstBad = Math.min(known + 1, Math.max(size, 1));
  const which = firstBad === size ? `row ${size} is` : `rows ${firstBad} to ${size} are`;
  const message = `${which} not what the checkpoint of size ${size} of ${at} was signed over: the ledger was rewritten`;
  return { ok: false, firstBad, why: 'rewritten', message };
}

function cut({ size, at }: Checkpoint, rows: number): WitnessedVerdict {
  const message = `the ledger ends with row ${rows}, and the checkpoint of ${at} was signed over ${size}: its tail was cut off`;
  return { ok: false, firstBad: rows + 1, why: 'cut', message };
}
