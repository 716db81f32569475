/**
 * An append-only Merkle tree over row hashes (RFC 6962, section 2.1), kept as the roots of its perfect subtrees:
 * that is all it takes to go on appending, so a process that was restarted need not read old rows again.
 */
import { createHash } from 'node:crypto';

export interface Tree {
  /** How many leaves. */
  readonly size: number;
  /** Roots of the perfect subtrees, the largest first; lower-case hex. One for each bit set in `size`. */
  readonly frontier: readonly string[];
}

export const emptyTree: Tree = { size: 0, frontier: [] };

/**
 * The tree with one leaf more.
 *
 * @param leaf - a row's hash in hex: its 32 bytes are the leaf's content
 */
export function withLeaf({ size, frontier }: Tree, leaf: string): Tree {
  const roots = [...frontier, sha256(LEAF, leaf)];
  // Two subtrees of one size become one, as a carry does in binary addition.
  for (let rest = size; rest % 2 === 1; rest = (rest - 1) / 2) {
    const [left = '', right = ''] = roots.splice(-2);
    roots.push(sha256(NODE, left, right));
  }
  return { size: size + 1, frontier: roots };
}

/** The tree's root in lower-case hex; of an empty tree the SHA-256 of nothing. */
export function rootOf({ frontier }: Tree): string {
  const last = frontier.at(-1);
  if (last === undefined) return createHash('sha256').digest('hex');
  return frontier.slice(0, -1).reduceRight((right, left) => sha256(NODE, left, right), last);
}

/** Whether a kept tree has as many roots as its size asks for. */
export function isTree({ size, frontier }: Tree): boolean {
  const bits = size.toString(2).replaceAll('0', '').length;
  return frontier.length === bits && frontier.every((root) => /^[0-9a-f]{64}$/.test(root));
}

const LEAF = 0x00;
const NODE = 0x01;

function sha256(tag: number, ...parts: readonly string[]): string {
  const hash = createHash('sha256').update(Uint8Array.of(tag));
  for (const part of parts) hash.update(Buffer.from(part, 'hex'));
  return hash.digest('hex');
}
