import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { emptyTree, isTree, rootOf, withLeaf, type Tree } from '../../../core/evidence/merkle.ts';

const leafOf = (n: number): string => createHash('sha256').update(`row ${n}`).digest('hex');
const leaves = (size: number): string[] => Array.from({ length: size }, (_, n) => leafOf(n));
const grown = (size: number): Tree => leaves(size).reduce(withLeaf, emptyTree);

/** RFC 6962, section 2.1, word by word. */
const byTheBook = (of: readonly string[]): Buffer => {
  const hash = (...parts: readonly Uint8Array[]): Buffer =>
    createHash('sha256').update(Buffer.concat(parts)).digest();
  const [only] = of;
  if (only === undefined) return hash();
  if (of.length === 1) return hash(Uint8Array.of(0), Buffer.from(only, 'hex'));
  let k = 1;
  while (k * 2 < of.length) k *= 2;
  return hash(Uint8Array.of(1), byTheBook(of.slice(0, k)), byTheBook(of.slice(k)));
};

describe('the tree over row hashes', () => {
  it('has the root of RFC 6962 at every size', () => {
    for (let size = 0; size <= 70; size += 1)
      expect(rootOf(grown(size))).toBe(byTheBook(leaves(size)).toString('hex'));
  });

  it('of nothing is the hash of nothing', () => {
    expect(rootOf(emptyTree)).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it('goes on from its frontier alone', () => {
    for (const size of [1, 2, 3, 7, 8, 21]) {
      const kept = JSON.parse(JSON.stringify(grown(size))) as Tree;
      expect(isTree(kept)).toBe(true);
      expect(rootOf(withLeaf(kept, leafOf(size)))).toBe(rootOf(grown(size + 1)));
    }
  });

  it('has one root for each bit of its size: anything else is no tree', () => {
    const { frontier } = grown(6);
    expect(isTree({ size: 7, frontier })).toBe(false);
    expect(isTree({ size: 6, frontier: [...frontier].reverse().map(() => 'x') })).toBe(false);
  });

  it('is another one when any leaf is another, or two have changed places', () => {
    const root = rootOf(grown(13));
    for (let at = 0; at < 13; at += 1) {
      const other = leaves(13).with(at, leafOf(99));
      expect(rootOf(other.reduce(withLeaf, emptyTree))).not.toBe(root);
    }
    const swapped = leaves(13).with(3, leafOf(4)).with(4, leafOf(3));
    expect(rootOf(swapped.reduce(withLeaf, emptyTree))).not.toBe(root);
  });
});
