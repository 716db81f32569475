import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { SealedPart } from '../../../core/contracts/seal.ts';
import { shareCommitment } from '../../../core/custody/commitment.ts';
import { combineShares } from '../../../core/custody/open.ts';
import type { OpenedShare } from '../../../core/custody/shareText.ts';
import { flipped, HEADER_CHANGES, makePeople, must, openAll, sealTo, withShare } from './people.ts';
import type { Keyholder } from './people.ts';

let people: Keyholder[] = [];
let sealed: SealedPart;
let shares: OpenedShare[] = [];
beforeAll(async () => {
  people = await makePeople(3);
  sealed = await sealTo(people);
  shares = await openAll(sealed, people);
});

describe('combineShares', () => {
  const combine = (from: SealedPart, given: readonly OpenedShare[]): Promise<Uint8Array> =>
    combineShares({ sealed: from, shares: given });

  it('given one changed share among good ones, names its custodian', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 2 }),
        fc.nat({ max: 32 }),
        fc.integer({ min: 1, max: 255 }),
        async (bad, at, mask) => {
          const given = shares.map((share, place) =>
            place === bad ? { ...share, bytes: flipped(share.bytes, at, mask) } : share,
          );
          await expect(combine(sealed, given)).rejects.toMatchObject({
            reason: 'corrupted-share',
            custodian: must(people[bad]).person,
          });
        },
      ),
    );
  });

  it('given a stale share among good ones, names its custodian', async () => {
    const stale = await openAll(await sealTo(people, { generation: 2 }), people);
    await expect(combine(sealed, [must(shares[0]), must(stale[1])])).rejects.toMatchObject({
      reason: 'stale-generation',
      custodian: must(people[1]).person,
    });
  });

  it('given shares of another account, refuses', async () => {
    const foreign = await openAll(await sealTo(people, { account: 'acme-us' }), people);
    await expect(combine(sealed, foreign)).rejects.toMatchObject({ reason: 'foreign-share' });
  });

  it('given a share of somebody who is no custodian, refuses', async () => {
    const stranger = { ...must(shares[0]), custodian: 'stranger' };
    await expect(combine(sealed, [stranger, must(shares[1])])).rejects.toMatchObject({
      reason: 'foreign-share',
    });
  });

  it('given no shares, refuses', async () => {
    await expect(combine(sealed, [])).rejects.toMatchObject({ reason: 'too-few-shares' });
  });

  it.each(HEADER_CHANGES)('given another %s in the header, refuses', async (_, change, reason) => {
    await expect(combine({ ...sealed, ...change }, shares)).rejects.toMatchObject({ reason });
  });

  it('given another header on seal and shares alike, with commitments made anew, refuses', async () => {
    const change = { account: 'acme-us' };
    const moved = shares.map((share) => ({ ...share, ...change }));
    const forged = {
      ...sealed,
      ...change,
      shares: sealed.shares.map((entry, place) => ({
        ...entry,
        commitment: shareCommitment({ ...sealed, ...change }, entry, must(shares[place]).bytes),
      })),
    };
    await expect(combine(forged, moved)).rejects.toMatchObject({ reason: 'key-mismatch' });
  });

  it('given another key commitment, refuses', async () => {
    await expect(combine({ ...sealed, keyCommitment: '0'.repeat(64) }, shares)).rejects.toMatchObject({
      reason: 'key-mismatch',
    });
  });

  it('given shares that a dishonest sealer put at one point, refuses', async () => {
    const [first, second] = [must(shares[0]), must(shares[1])];
    const bytes = flipped(second.bytes, 32, (second.bytes[32] ?? 0) ^ (first.bytes[32] ?? 0));
    const commitment = shareCommitment(sealed, must(sealed.shares[1]), bytes);
    const combining = combine(withShare(sealed, 1, { commitment }), [first, { ...second, bytes }]);
    await expect(combining).rejects.toMatchObject({ reason: 'key-mismatch' });
  });

  it.each(['nonce', 'ciphertext'] as const)('given a changed %s, refuses', async (field) => {
    const bytes = Buffer.from(sealed.payload[field], 'base64');
    const changed = Buffer.from(flipped(bytes, bytes.length - 1)).toString('base64');
    for (const text of [changed, '', `${changed}!`]) {
      const payload = { ...sealed.payload, [field]: text };
      await expect(combine({ ...sealed, payload }, shares)).rejects.toMatchObject({
        reason: 'payload-tampered',
      });
    }
  });

  it('leaves the given shares as they were', async () => {
    const before = shares.map(({ bytes }) => Buffer.from(bytes).toString('hex'));
    await combine(sealed, shares);
    expect(shares.map(({ bytes }) => Buffer.from(bytes).toString('hex'))).toEqual(before);
  });
});
