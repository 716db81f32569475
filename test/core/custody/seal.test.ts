import { createDecipheriv } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { canonicalize, parseCanonical } from '../../../core/contracts/canonical.ts';
import { sealedPartSchema } from '../../../core/contracts/seal.ts';
import type { SealedPart } from '../../../core/contracts/seal.ts';
import { keyCommitment, sealedPartDigest, shareCommitment } from '../../../core/custody/commitment.ts';
import { combineShares } from '../../../core/custody/open.ts';
import { decryptPayload, encryptPayload, SECRET_MAX_BYTES } from '../../../core/custody/payload.ts';
import { sealPart } from '../../../core/custody/seal.ts';
import type { OpenedShare } from '../../../core/custody/shareText.ts';
import { makePeople, must, openAll, PASSWORD, sealTo, subsets } from './people.ts';
import type { Keyholder } from './people.ts';

let people: Keyholder[] = [];
beforeAll(async () => {
  people = await makePeople(5);
});

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

describe.each([
  [2, 2],
  [2, 3],
  [3, 5],
  [5, 5],
])('a part sealed %i of %i', (threshold, count) => {
  let sealed: SealedPart;
  let shares: OpenedShare[] = [];
  beforeAll(async () => {
    sealed = await sealTo(people.slice(0, count), { threshold });
    shares = await openAll(sealed, people.slice(0, count));
  });

  it('is opened by every quorum, in any order, and by more', async () => {
    for (const quorum of subsets(shares, threshold)) {
      expect(text(await combineShares({ sealed, shares: quorum }))).toBe(PASSWORD);
      expect(text(await combineShares({ sealed, shares: quorum.toReversed() }))).toBe(PASSWORD);
    }
    expect(text(await combineShares({ sealed, shares }))).toBe(PASSWORD);
  });

  it('is opened by no group that lacks one', async () => {
    for (const group of subsets(shares, threshold - 1)) {
      await expect(combineShares({ sealed, shares: group })).rejects.toMatchObject({
        reason: 'too-few-shares',
      });
    }
  });

  it('is opened by no group that lacks one, even with the threshold lowered', async () => {
    const lowered = { ...sealed, threshold: threshold - 1 };
    for (const group of subsets(shares, threshold - 1)) {
      const relabelled = group.map((share) => ({ ...share, threshold: threshold - 1 }));
      const combining = combineShares({ sealed: lowered, shares: relabelled });
      await expect(combining).rejects.toMatchObject({ reason: 'corrupted-share' });
    }
  });

  it('counts one share given twice once', async () => {
    const twice = [...shares.slice(0, threshold - 1), ...shares.slice(0, 1)];
    await expect(combineShares({ sealed, shares: twice })).rejects.toMatchObject({
      reason: 'duplicate-share',
    });
  });

  it('fits its schema and survives being sent as canonical JSON', () => {
    const sent = parseCanonical(canonicalize(sealed));
    expect(sealedPartSchema.parse(sent)).toEqual(sealed);
    expect(sealedPartDigest(sealedPartSchema.parse(sent))).toBe(sealedPartDigest(sealed));
  });
});

describe('sealPart', () => {
  it('given any secret that fits, opens to it, and its length shows nowhere', async () => {
    const sizes = new Set<number>();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: SECRET_MAX_BYTES }), async (secret) => {
        const sealed = await sealTo(people.slice(0, 2), { secret });
        sizes.add(canonicalize(sealed).length);
        const opened = await combineShares({ sealed, shares: await openAll(sealed, people.slice(0, 2)) });
        expect(Buffer.compare(opened, secret)).toBe(0);
      }),
      { numRuns: 25 },
    );
    expect([...sizes]).toHaveLength(1);
  });

  it('given a secret as bytes, leaves the caller’s bytes alone', async () => {
    const secret = Buffer.from(PASSWORD);
    await sealTo(people, { secret });
    expect(secret.toString()).toBe(PASSWORD);
  });

  it('given a secret, shows it nowhere in what is stored', async () => {
    const stored = canonicalize(await sealTo(people));
    for (const spelling of [
      PASSWORD,
      Buffer.from(PASSWORD).toString('base64'),
      Buffer.from(PASSWORD).toString('hex'),
    ]) {
      expect(stored).not.toContain(spelling.slice(0, 16));
    }
  });

  it('given the same secret twice, makes two seals that share nothing', async () => {
    const [one, other] = [await sealTo(people), await sealTo(people)];
    expect(one.seal).not.toBe(other.seal);
    expect(one.keyCommitment).not.toBe(other.keyCommitment);
    expect(one.payload).not.toEqual(other.payload);
    expect(sealedPartDigest(one)).not.toBe(sealedPartDigest(other));
  });

  it('given fixed randomness, gives the payload and key commitment of an independent program', async () => {
    let next = 0;
    const random = (length: number): Uint8Array => Uint8Array.from({ length }, () => next++ % 256);
    const sealed = await sealTo(people, { random, account: 'acme-eu-Zoë' });
    expect(sealed.seal).toBe('000102030405060708090a0b0c0d0e0f');
    expect(sealed.keyCommitment).toBe('cad4090042ecf1550d3bcc7ca8fd6d7d41dea74aed3556ee3fe194ac1546617e');
    expect(sealed.payload.nonce).toBe(
      Buffer.from(Array.from({ length: 12 }, (_, at) => 48 + at)).toString('base64'),
    );

    // Opened by hand from the format's description, without the code under test.
    const header =
      '{"account":"acme-eu-Zoë","generation":3,"part":"password","seal":"000102030405060708090a0b0c0d0e0f",' +
      '"sealedAt":"2026-01-31T12:00:00Z","threshold":2,"v":1}';
    const key = Buffer.from(Array.from({ length: 32 }, (_, at) => 16 + at));
    const bytes = Buffer.from(sealed.payload.ciphertext, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(sealed.payload.nonce, 'base64'));
    decipher.setAAD(Buffer.from(header)).setAuthTag(bytes.subarray(-16));
    const padded = Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]);
    expect(padded).toHaveLength(512);
    expect(padded.readUInt16BE()).toBe(PASSWORD.length);
    expect(padded.subarray(2).toString('latin1')).toBe(PASSWORD.padEnd(510, '\0'));
  });

  it.each([
    ['a threshold of one', { threshold: 1 }],
    ['a threshold above the custodians', { threshold: 6 }],
    ['a fraction for a threshold', { threshold: 2.5 }],
    ['generation zero', { generation: 0 }],
    ['no account', { account: '' }],
    ['a time without a zone', { sealedAt: '2026-01-31T12:00:00' }],
    ['a time of another zone', { sealedAt: '2026-01-31T12:00:00+01:00' }],
    ['an empty secret', { secret: '' }],
    ['a secret that is too long', { secret: 'x'.repeat(SECRET_MAX_BYTES + 1) }],
    ['no custodians', { custodians: [] }],
    ['a custodian without a key', { custodians: [{ person: 'zoe', recipient: 'age1' }] }],
  ])('given %s, refuses', async (_, change) => {
    await expect(sealTo(people, change)).rejects.toMatchObject({ reason: 'bad-arguments' });
  });

  it('given a recipient with a typing error, refuses', async () => {
    const [first, second] = [must(people[0]), must(people[1])];
    const typo = first.recipient.slice(0, -1) + (first.recipient.endsWith('q') ? 'p' : 'q');
    const custodians = [{ person: 'zoe', recipient: typo }, second];
    await expect(sealTo(people, { custodians })).rejects.toMatchObject({ reason: 'bad-recipient' });
  });

  it('given one person twice, or two people with one key, refuses', async () => {
    const [first, second] = [must(people[0]), must(people[1])];
    const onePerson = [first, { ...second, person: first.person }];
    const oneKey = [first, { ...second, recipient: first.recipient }];
    for (const custodians of [onePerson, oneKey]) {
      await expect(sealTo(people, { custodians })).rejects.toMatchObject({ reason: 'bad-arguments' });
    }
  });

  it(
    'given as many custodians as a seal can have, seals; one more, refuses',
    { timeout: 60_000 },
    async () => {
      const many = await makePeople(256);
      const request = {
        account: 'a',
        part: 'mfa',
        generation: 1,
        secret: 's',
        sealedAt: '2026-01-31T12:00:00Z',
      } as const;
      const sealed = await sealPart({ ...request, threshold: 255, custodians: many.slice(0, 255) });
      const opened = await combineShares({ sealed, shares: await openAll(sealed, many.slice(0, 255)) });
      expect(text(opened)).toBe('s');
      await expect(sealPart({ ...request, threshold: 2, custodians: many })).rejects.toMatchObject({
        reason: 'bad-arguments',
      });
    },
  );
});

describe('commitments', () => {
  const header = {
    v: 1,
    account: 'acme-eu',
    part: 'mfa',
    generation: 1,
    threshold: 2,
    sealedAt: '2026-01-31T12:00:00Z',
    seal: '00112233445566778899aabbccddeeff',
  } as const;
  const place = { custodian: 'zoë', index: 2, recipient: `age1${'q'.repeat(58)}` };
  const bytes = Uint8Array.from({ length: 33 }, (_, at) => at);

  it('given known values, give what an independent program computed', () => {
    // Python: sha256(tag + b'\0' + len(facts).to_bytes(4, 'big') + facts + bytes), facts typed out as JSON
    expect(keyCommitment(header, bytes.subarray(0, 32))).toBe(
      '9605782eabadf2fb3966e538e1af180d3d8419a28fed3b83ed659c5c608950d0',
    );
    expect(shareCommitment(header, place, bytes)).toBe(
      '518bfdc11966c7e882752ba08e24c7133cc79a6357cb3ce164497e0be8a1ec0a',
    );
  });

  it.each([
    ['account', { account: 'acme-us' }],
    ['part', { part: 'password' }],
    ['generation', { generation: 2 }],
    ['threshold', { threshold: 3 }],
    ['time', { sealedAt: '2026-01-31T12:00:01Z' }],
    ['seal', { seal: 'ff112233445566778899aabbccddeeff' }],
  ] as const)('given another %s, differ', (_, change) => {
    const other = { ...header, ...change };
    expect(keyCommitment(other, bytes)).not.toBe(keyCommitment(header, bytes));
    expect(shareCommitment(other, place, bytes)).not.toBe(shareCommitment(header, place, bytes));
  });

  it.each([
    ['custodian', { custodian: 'zoe' }],
    ['index', { index: 3 }],
    ['recipient', { recipient: `age1${'p'.repeat(58)}` }],
  ])('given another %s, differ', (_, change) => {
    expect(shareCommitment(header, { ...place, ...change }, bytes)).not.toBe(
      shareCommitment(header, place, bytes),
    );
  });
});

describe('a payload', () => {
  const key = { key: new Uint8Array(32).fill(7), nonce: new Uint8Array(12).fill(9) };
  const secret = Buffer.from(PASSWORD);

  it('given any bit changed, is refused', () => {
    const ciphertext = encryptPayload(key, 'header', secret);
    fc.assert(
      fc.property(fc.nat({ max: ciphertext.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const changed = Uint8Array.from(ciphertext);
        changed[at] = (ciphertext[at] ?? 0) ^ mask;
        expect(() => decryptPayload(key, 'header', changed)).toThrow(
          expect.objectContaining({ reason: 'payload-tampered' }),
        );
      }),
    );
  });

  it('given another header, key, nonce or length, is refused', () => {
    const ciphertext = encryptPayload(key, 'header', secret);
    const otherKey = { ...key, key: new Uint8Array(32) };
    const otherNonce = { ...key, nonce: new Uint8Array(12) };
    const tampered: unknown = expect.objectContaining({ reason: 'payload-tampered' });
    expect(text(decryptPayload(key, 'header', ciphertext))).toBe(PASSWORD);
    expect(() => decryptPayload(key, 'header.', ciphertext)).toThrow(tampered);
    expect(() => decryptPayload(otherKey, 'header', ciphertext)).toThrow(tampered);
    expect(() => decryptPayload(otherNonce, 'header', ciphertext)).toThrow(tampered);
    expect(() => decryptPayload({ ...key, nonce: new Uint8Array(0) }, 'header', ciphertext)).toThrow(
      tampered,
    );
    expect(() => decryptPayload(key, 'header', ciphertext.subarray(1))).toThrow(tampered);
  });
});
