import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GENESIS_HASH, rowHash, verifyChain } from '../../../core/evidence/chain.ts';
import type { ChainRow } from '../../../core/evidence/chain.ts';
import { sha256Hex } from '../../../core/evidence/digest.ts';

function chainOf(texts: readonly string[]): ChainRow[] {
  let previous = GENESIS_HASH;
  return texts.map((text, place) => {
    const row = { seq: place + 1, previous, hash: rowHash(previous, text), text };
    previous = row.hash;
    return row;
  });
}

function at(rows: readonly ChainRow[], seq: number): ChainRow {
  const row = rows[seq - 1];
  if (row === undefined) throw new Error(`no row ${seq}`);
  return row;
}

const texts = (minLength: number) =>
  fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }), { minLength, maxLength: 12 });

/** A chain, and the number of one of its rows that is not the last. */
const chainAndInnerRow = texts(2).chain((list) =>
  fc.tuple(fc.constant(chainOf(list)), fc.integer({ min: 1, max: list.length - 1 })),
);
const chainAndRow = texts(1).chain((list) =>
  fc.tuple(fc.constant(chainOf(list)), fc.integer({ min: 1, max: list.length })),
);

function flipHex(hash: string, place: number): string {
  const digit = (parseInt(hash.charAt(place), 16) ^ 1).toString(16);
  return hash.slice(0, place) + digit + hash.slice(place + 1);
}

describe('rowHash', () => {
  it('given known rows, gives what an independent program computed', () => {
    // Python: hashlib.sha256(b'breakglass/ledger-row/v1\0' + prev + len(text).to_bytes(8, 'big') + text)
    const first = rowHash(GENESIS_HASH, '{"action":"request"}');
    expect(first).toBe('8b08e9d8b696952a143213b15a44115bdd8a5032460574434261b90528b11684');
    expect(rowHash(first, '{"who":"Zoë"}')).toBe(
      'de152c041a63305506bca39fe1268099920d6a1ba6501e8f35fd90b62908493e',
    );
  });

  it.each([
    ['a short previous hash', 'ab', '{}'],
    ['an upper-case previous hash', 'A'.repeat(64), '{}'],
    ['a text with a lone surrogate', GENESIS_HASH, '"\ud800"'],
  ])('given %s, refuses', (_, previous, text) => {
    expect(() => rowHash(previous, text)).toThrow(TypeError);
  });
});

describe('verifyChain', () => {
  it('given an untouched chain, gives its length and head', async () => {
    await fc.assert(
      fc.asyncProperty(texts(1), async (list) => {
        const rows = chainOf(list);
        expect(await verifyChain(rows)).toEqual({
          ok: true,
          rows: rows.length,
          head: { seq: rows.length, hash: at(rows, rows.length).hash },
        });
      }),
    );
  });

  it('given no rows, answers with the genesis', async () => {
    expect(await verifyChain([])).toEqual({ ok: true, rows: 0, head: { seq: 0, hash: GENESIS_HASH } });
  });

  it('given rows that come asynchronously from a witnessed row on, goes on from there', async () => {
    const rows = chainOf(['a', 'b', 'c']);
    const { seq, hash } = at(rows, 1);
    async function* later() {
      yield* rows.slice(1);
    }
    expect(await verifyChain(later(), { seq, hash })).toMatchObject({ ok: true, rows: 2 });
    expect(await verifyChain(later(), { seq, hash: flipHex(hash, 0) })).toMatchObject({
      ok: false,
      firstBad: 2,
    });
  });

  it('given one text edited, names its row', async () => {
    await fc.assert(
      fc.asyncProperty(chainAndRow, fc.string({ maxLength: 20 }), async ([rows, seq], text) => {
        fc.pre(text !== at(rows, seq).text);
        const edited = rows.with(seq - 1, { ...at(rows, seq), text });
        expect(await verifyChain(edited)).toMatchObject({ ok: false, firstBad: seq, why: 'edited' });
      }),
    );
  });

  it.each(['hash', 'previous'] as const)('given one %s edited, names its row', async (column) => {
    await fc.assert(
      fc.asyncProperty(chainAndRow, fc.integer({ min: 0, max: 63 }), async ([rows, seq], place) => {
        const row = at(rows, seq);
        const edited = rows.with(seq - 1, { ...row, [column]: flipHex(row[column], place) });
        expect(await verifyChain(edited)).toMatchObject({ ok: false, firstBad: seq, why: 'edited' });
      }),
    );
  });

  it('given one text edited and its hash computed anew, names the next row as not linked to it', async () => {
    await fc.assert(
      fc.asyncProperty(chainAndInnerRow, fc.string({ maxLength: 20 }), async ([rows, seq], text) => {
        const row = at(rows, seq);
        fc.pre(text !== row.text);
        const forged = rows.with(seq - 1, { ...row, text, hash: rowHash(row.previous, text) });
        expect(await verifyChain(forged)).toMatchObject({ ok: false, firstBad: seq + 1, why: 'unlinked' });
      }),
    );
  });

  it('given a row removed before the last, names it', async () => {
    await fc.assert(
      fc.asyncProperty(chainAndInnerRow, async ([rows, seq]) => {
        const verdict = await verifyChain(rows.filter((row) => row.seq !== seq));
        expect(verdict).toMatchObject({ ok: false, firstBad: seq, why: 'removed' });
      }),
    );
  });

  it('given a row removed and the later ones renumbered, names the place', async () => {
    await fc.assert(
      fc.asyncProperty(chainAndInnerRow, async ([rows, seq]) => {
        const closed = rows
          .filter((row) => row.seq !== seq)
          .map((row, place) => ({ ...row, seq: place + 1 }));
        expect(await verifyChain(closed)).toMatchObject({ ok: false, firstBad: seq, why: 'unlinked' });
      }),
    );
  });

  it('given the last row removed, cannot see it: the head is for a witness to compare', async () => {
    const rows = chainOf(['a', 'b']);
    expect(await verifyChain(rows.slice(0, 1))).toEqual({
      ok: true,
      rows: 1,
      head: { seq: 1, hash: at(rows, 1).hash },
    });
  });

  it('given two rows swapped, names the first of the two places', async () => {
    await fc.assert(
      fc.asyncProperty(chainAndInnerRow, async ([rows, seq]) => {
        const swapped = rows.with(seq - 1, at(rows, seq + 1)).with(seq, at(rows, seq));
        expect(await verifyChain(swapped)).toMatchObject({ ok: false, firstBad: seq, why: 'reordered' });
      }),
    );
  });

  it('given two rows swapped that keep each other’s number, names the first of the two', async () => {
    await fc.assert(
      fc.asyncProperty(chainAndInnerRow, async ([rows, seq]) => {
        const swapped = rows
          .with(seq - 1, { ...at(rows, seq + 1), seq })
          .with(seq, { ...at(rows, seq), seq: seq + 1 });
        expect(await verifyChain(swapped)).toMatchObject({ ok: false, firstBad: seq, why: 'unlinked' });
      }),
    );
  });

  it('given a row inserted by someone who can hash, names its number', async () => {
    await fc.assert(
      fc.asyncProperty(chainAndRow, fc.string({ maxLength: 20 }), async ([rows, seq], text) => {
        const { hash: previous } = at(rows, seq);
        const inserted = { seq, previous, hash: rowHash(previous, text), text };
        const verdict = await verifyChain(rows.toSpliced(seq, 0, inserted));
        expect(verdict).toMatchObject({ ok: false, firstBad: seq, why: 'inserted' });
      }),
    );
  });

  it('given a row inserted and the later ones renumbered, names the first that no longer follows', async () => {
    await fc.assert(
      fc.asyncProperty(chainAndInnerRow, fc.string({ maxLength: 20 }), async ([rows, seq], text) => {
        const { hash: previous } = at(rows, seq);
        const inserted = { seq: seq + 1, previous, hash: rowHash(previous, text), text };
        fc.pre(inserted.hash !== at(rows, seq + 1).hash);
        const later = rows.slice(seq).map((row) => ({ ...row, seq: row.seq + 1 }));
        const verdict = await verifyChain([...rows.slice(0, seq), inserted, ...later]);
        expect(verdict).toMatchObject({ ok: false, firstBad: seq + 2, why: 'unlinked' });
      }),
    );
  });

  it('given one number changed, names a bad row no later than it', async () => {
    await fc.assert(
      fc.asyncProperty(chainAndRow, fc.integer({ min: -3, max: 20 }), async ([rows, seq], wrong) => {
        fc.pre(wrong !== seq);
        const verdict = await verifyChain(rows.with(seq - 1, { ...at(rows, seq), seq: wrong }));
        expect(verdict).toMatchObject({ ok: false, firstBad: Math.min(seq, wrong) });
      }),
    );
  });

  it('given a text with a lone surrogate, names the row instead of failing', async () => {
    const rows = chainOf(['a', 'b']);
    const edited = rows.with(1, { ...at(rows, 2), text: '\ud800' });
    expect(await verifyChain(edited)).toMatchObject({ ok: false, firstBad: 2, why: 'edited' });
  });
});

describe('sha256Hex', () => {
  it('given the text of FIPS 180-2, appendix B.1, gives its digest', () => {
    const digest = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(sha256Hex('abc')).toBe(digest);
    expect(sha256Hex(new TextEncoder().encode('abc'))).toBe(digest);
  });

  it('given a lone surrogate, refuses: it would hash like another text', () => {
    expect(() => sha256Hex('\ud800')).toThrow(TypeError);
  });
});
