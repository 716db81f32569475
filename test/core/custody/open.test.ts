import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { canonicalize } from '../../../core/contracts/canonical.ts';
import type { SealedPart } from '../../../core/contracts/seal.ts';
import { ageDecrypt, ageEncrypt, newAgeIdentity, recipientOf } from '../../../core/custody/age.ts';
import { combineShares, openRewrapped, openShare, rewrapShare } from '../../../core/custody/open.ts';
import { writeReleasedShare, writeSealedShare } from '../../../core/custody/shareText.ts';
import type { OpenedShare } from '../../../core/custody/shareText.ts';
import { flipped, HEADER_CHANGES, makePeople, must, openAll, PASSWORD, sealTo, withShare } from './people.ts';
import type { Keyholder } from './people.ts';

let people: Keyholder[] = [];
let sealed: SealedPart;
let shares: OpenedShare[] = [];
let one: Keyholder;
let two: Keyholder;
beforeAll(async () => {
  people = await makePeople(3);
  [one, two] = [must(people[0]), must(people[1])];
  sealed = await sealTo(people);
  shares = await openAll(sealed, people);
});

const openAs = (who: Keyholder, from: SealedPart): Promise<OpenedShare> =>
  openShare({ sealed: from, custodian: who.person, identity: who.identity });

/** What lies in the first custodian's place of another seal. */
async function firstOf(change: Parameters<typeof sealTo>[1]): Promise<string> {
  return must((await sealTo(people, change)).shares[0]).ciphertext;
}

describe('openShare', () => {
  it('given the custodian’s own identity, opens the share and says which it is', async () => {
    const share = await openAs(two, sealed);
    expect(share).toMatchObject({ account: 'acme-eu', part: 'password', generation: 3, index: 2 });
    expect(share).toMatchObject({ custodian: two.person, seal: sealed.seal, threshold: 2 });
    expect(share.bytes).toHaveLength(33);
  });

  it('given somebody who holds none, refuses', async () => {
    const opening = openShare({ sealed, custodian: 'stranger', identity: one.identity });
    await expect(opening).rejects.toMatchObject({ reason: 'not-for-you', custodian: 'stranger' });
  });

  it('given another’s identity, refuses', async () => {
    const opening = openShare({ sealed, custodian: one.person, identity: two.identity });
    await expect(opening).rejects.toMatchObject({ reason: 'not-for-you' });
  });

  it('given text that is no identity, refuses and does not repeat it', async () => {
    const identity = one.identity.slice(0, -1);
    const opening = openShare({ sealed, custodian: one.person, identity });
    await expect(opening).rejects.toMatchObject({
      reason: 'bad-identity',
      message: 'not an age identity (AGE-SECRET-KEY-1…)',
    });
  });

  it('given two custodians’ ciphertexts swapped, refuses', async () => {
    const swapped = withShare(sealed, 0, { ciphertext: must(sealed.shares[1]).ciphertext });
    await expect(openAs(one, swapped)).rejects.toMatchObject({ reason: 'cannot-decrypt' });
  });

  it('given two custodians’ names swapped, refuses', async () => {
    const swapped = withShare(withShare(sealed, 0, { custodian: two.person }), 1, { custodian: one.person });
    await expect(openAs(one, swapped)).rejects.toMatchObject({ reason: 'not-for-you' });
  });

  it('given a ciphertext with any byte changed, refuses', async () => {
    const { ciphertext } = must(sealed.shares[0]);
    const lines = ciphertext.split('\n');
    const body = Buffer.from(lines.slice(1, -2).join(''), 'base64');
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: body.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, mask) => {
          const changed =
            Buffer.from(flipped(body, at, mask))
              .toString('base64')
              .match(/.{1,64}/g) ?? [];
          const armored = [lines[0], ...changed, lines.at(-2), ''].join('\n');
          const opening = openAs(one, withShare(sealed, 0, { ciphertext: armored }));
          await expect(opening).rejects.toMatchObject({ reason: 'cannot-decrypt', custodian: one.person });
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([
    ['an older generation', { generation: 2 }, 'stale-generation'],
    ['a newer generation', { generation: 4 }, 'stale-generation'],
    ['another account', { account: 'acme-us' }, 'foreign-share'],
    ['another account’s older generation', { account: 'acme-us', generation: 2 }, 'foreign-share'],
    ['the other part', { part: 'mfa' }, 'foreign-share'],
    ['an earlier try at the same generation', {}, 'foreign-share'],
  ] as const)('given the share of %s in its place, refuses', async (_, change, reason) => {
    const replaced = withShare(sealed, 0, { ciphertext: await firstOf(change) });
    await expect(openAs(one, replaced)).rejects.toMatchObject({ reason, custodian: one.person });
  });

  it.each(HEADER_CHANGES)('given another %s in the header, refuses', async (_, change, reason) => {
    await expect(openAs(one, { ...sealed, ...change })).rejects.toMatchObject({ reason });
  });

  it('given another custodian’s share encrypted to this one, refuses', async () => {
    const ciphertext = await ageEncrypt([one.recipient], writeSealedShare(must(shares[1])));
    await expect(openAs(one, withShare(sealed, 0, { ciphertext }))).rejects.toMatchObject({
      reason: 'foreign-share',
    });
  });

  it('given any byte of the share changed inside its age file, refuses', async () => {
    const share = must(shares[0]);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 32 }), fc.integer({ min: 1, max: 255 }), async (at, mask) => {
        const text = writeSealedShare({ ...share, bytes: flipped(share.bytes, at, mask) });
        const ciphertext = await ageEncrypt([one.recipient], text);
        const opening = openAs(one, withShare(sealed, 0, { ciphertext }));
        await expect(opening).rejects.toMatchObject({ reason: 'corrupted-share' });
      }),
      { numRuns: 40 },
    );
  });

  it('given another commitment, or another recipient under the same name, refuses', async () => {
    const commitment = must(sealed.shares[1]).commitment;
    await expect(openAs(one, withShare(sealed, 0, { commitment }))).rejects.toMatchObject({
      reason: 'corrupted-share',
    });
    const recipient = must(people[2]).recipient;
    await expect(openAs(one, withShare(sealed, 0, { recipient }))).rejects.toMatchObject({
      reason: 'not-for-you',
    });
  });

  it('given an age file that holds no share, refuses without repeating what it holds', async () => {
    const share = must(shares[0]);
    const right = writeSealedShare(share);
    const held = [
      'not json at all',
      ` ${right}`,
      canonicalize({ share: 'AAAA' }),
      right.replace('"v":1', '"v":2'),
      right.replace('sealed-share', 'any-share'),
      writeReleasedShare(share, 'a'.repeat(64)),
      Buffer.from([0xff, 0xfe]),
    ];
    for (const text of held) {
      const ciphertext = await ageEncrypt([one.recipient], text);
      await expect(openAs(one, withShare(sealed, 0, { ciphertext }))).rejects.toMatchObject({
        reason: 'corrupted-share',
        message: `share of ${one.person}: its age file does not hold a share`,
      });
    }
  });
});

describe('a released share', () => {
  const request = createHash('sha256').update('the signed request').digest('hex');
  let identity = '';
  let recipient = '';
  beforeAll(async () => {
    identity = await newAgeIdentity();
    recipient = await recipientOf(identity);
  });

  it('given the request it was released for, opens to the same share', async () => {
    const share = must(shares[0]);
    const ciphertext = await rewrapShare({ share, recipient, request });
    expect(await openRewrapped({ ciphertext, identity, sealed, request })).toEqual(share);
  });

  it('given a quorum of them, opens the secret', async () => {
    const released = await Promise.all(
      shares.slice(1).map(async (share) => {
        const ciphertext = await rewrapShare({ share, recipient, request });
        return openRewrapped({ ciphertext, identity, sealed, request });
      }),
    );
    expect(Buffer.from(await combineShares({ sealed, shares: released })).toString()).toBe(PASSWORD);
  });

  it('given another request, is refused', async () => {
    const ciphertext = await rewrapShare({ share: must(shares[0]), recipient, request: 'b'.repeat(64) });
    await expect(openRewrapped({ ciphertext, identity, sealed, request })).rejects.toMatchObject({
      reason: 'other-request',
      custodian: one.person,
    });
  });

  it('given another one-time identity, is refused', async () => {
    const ciphertext = await rewrapShare({ share: must(shares[0]), recipient, request });
    const other = await newAgeIdentity();
    await expect(openRewrapped({ ciphertext, identity: other, sealed, request })).rejects.toMatchObject({
      reason: 'cannot-decrypt',
    });
  });

  it.each([
    ['another generation', { generation: 2 }, 'stale-generation'],
    ['another account', { account: 'acme-us' }, 'foreign-share'],
    ['the other part', { part: 'mfa' }, 'foreign-share'],
    ['another try at the generation', {}, 'foreign-share'],
  ] as const)('given a share of %s, is refused by name', async (_, change, reason) => {
    const share = must((await openAll(await sealTo(people, change), people))[0]);
    const ciphertext = await rewrapShare({ share, recipient, request });
    await expect(openRewrapped({ ciphertext, identity, sealed, request })).rejects.toMatchObject({
      reason,
      custodian: one.person,
    });
  });

  it('given a changed share, another’s place or a stranger’s name, is refused', async () => {
    const share = must(shares[0]);
    const wrong = [
      [{ ...share, bytes: flipped(share.bytes, 5) }, 'corrupted-share'],
      [{ ...share, bytes: share.bytes.subarray(1) }, 'corrupted-share'],
      [{ ...share, custodian: two.person }, 'foreign-share'],
      [{ ...share, index: 2 }, 'foreign-share'],
      [{ ...share, custodian: 'stranger' }, 'foreign-share'],
    ] as const;
    for (const [spoilt, reason] of wrong) {
      const ciphertext = await rewrapShare({ share: spoilt, recipient, request });
      await expect(openRewrapped({ ciphertext, identity, sealed, request })).rejects.toMatchObject({
        reason,
      });
    }
  });

  it('given a share as it lay in the seal, does not take it for a released one', async () => {
    const ciphertext = await ageEncrypt([recipient], writeSealedShare(must(shares[0])));
    await expect(openRewrapped({ ciphertext, identity, sealed, request })).rejects.toMatchObject({
      reason: 'corrupted-share',
    });
  });

  it('given a request that is no digest, or a recipient that is none, is not made', async () => {
    const share = must(shares[0]);
    await expect(rewrapShare({ share, recipient, request: 'case/acme-eu' })).rejects.toThrow(TypeError);
    await expect(rewrapShare({ share, recipient: 'age1x', request })).rejects.toMatchObject({
      reason: 'bad-recipient',
    });
  });

  it('given the age file alone, is canonical JSON that names request, seal and custodian', async () => {
    const ciphertext = await rewrapShare({ share: must(shares[0]), recipient, request });
    const text = Buffer.from(await ageDecrypt(identity, ciphertext)).toString();
    expect(text).toBe(writeReleasedShare(must(shares[0]), request));
    for (const fact of [request, sealed.seal, one.person]) expect(text).toContain(`"${fact}"`);
  });
});
