import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  generatePassword,
  PASSWORD_ALPHABET,
  PASSWORD_MIN_LENGTH,
  secondsLeft,
  totpCode,
} from '../../../core/custody/secrets.ts';

describe('generatePassword', () => {
  it('given no length, makes 40 characters of the alphabet', () => {
    expect(generatePassword({ random: randomBytes })).toMatch(new RegExp(`^[${PASSWORD_ALPHABET}]{40}$`));
  });

  it('has an alphabet of 56 different characters, none of which reads like another', () => {
    expect(new Set(PASSWORD_ALPHABET)).toHaveProperty('size', 56);
    expect(PASSWORD_ALPHABET).not.toMatch(/[0Oo1Il]/);
  });

  it('given each byte once, uses every character equally often and throws the rest away', () => {
    let next = 0;
    const random = (length: number): Uint8Array => Uint8Array.from({ length }, () => next++ % 256);
    const password = generatePassword({ random, length: 224 });
    const counts = Array.from(PASSWORD_ALPHABET, (letter) => password.split(letter).length - 1);
    expect(new Set(counts)).toEqual(new Set([4]));
  });

  it('given bytes that would favour some characters, asks for others instead', () => {
    const answers = [
      new Uint8Array(40).fill(255),
      new Uint8Array(40).fill(224),
      new Uint8Array(40).fill(223),
    ];
    const random = (length: number): Uint8Array => (answers.shift() ?? new Uint8Array()).subarray(0, length);
    expect(generatePassword({ random })).toBe('9'.repeat(40));
  });

  it('given a source of random bytes, leaves none of them behind', () => {
    const given: Uint8Array[] = [];
    generatePassword({
      random: (length) => {
        const bytes = randomBytes(length);
        given.push(bytes);
        return bytes;
      },
    });
    expect(given.flatMap((bytes) => [...bytes]).every((byte) => byte === 0)).toBe(true);
    expect(given.length).toBeGreaterThan(0);
  });

  it('given any length allowed, keeps to it', () => {
    fc.assert(
      fc.property(fc.integer({ min: PASSWORD_MIN_LENGTH, max: 256 }), (length) => {
        expect(generatePassword({ random: randomBytes, length })).toHaveLength(length);
      }),
    );
  });

  it.each([PASSWORD_MIN_LENGTH - 1, 0, 257, 30.5, Number.NaN])('given length %d, refuses', (length) => {
    expect(() => generatePassword({ random: randomBytes, length })).toThrow(RangeError);
  });
});

describe('totpCode', () => {
  // RFC 6238, appendix B, SHA-1, cut from eight digits to the last six.
  const seed = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
  it.each([
    [59, '287082'],
    [1111111109, '081804'],
    [1111111111, '050471'],
    [1234567890, '005924'],
    [2000000000, '279037'],
    [20000000000, '353130'],
  ])('given RFC 6238’s seed at %i s, gives %s', (seconds, code) => {
    expect(totpCode({ seed, at: new Date(seconds * 1000) })).toBe(code);
  });

  it('given the seed in lower case, gives the same code', () => {
    expect(totpCode({ seed: seed.toLowerCase(), at: new Date(59_000) })).toBe('287082');
  });

  it.each(['', 'GEZDGNBV', '0189 not base32 but long enough', `${seed}!`])(
    'given a seed that is none (%j), refuses and does not repeat it',
    (wrong) => {
      expect(() => totpCode({ seed: wrong, at: new Date(0) })).toThrow(
        expect.objectContaining({ message: 'totp seed is not base32 of at least 80 bits' }),
      );
    },
  );
});

describe('secondsLeft', () => {
  it.each([
    ['2026-01-31T12:00:00.000Z', 30],
    ['2026-01-31T12:00:00.999Z', 30],
    ['2026-01-31T12:00:01.000Z', 29],
    ['2026-01-31T12:00:29.999Z', 1],
    ['2026-01-31T12:00:30.000Z', 30],
  ])('given %s, says %i', (at, left) => {
    expect(secondsLeft(new Date(at))).toBe(left);
  });

  it('given any moment, the code stays until then and changes there', () => {
    const seed = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), (seconds) => {
        const at = new Date(seconds * 1000);
        const until = (seconds + secondsLeft(at)) * 1000;
        expect(totpCode({ seed, at: new Date(until - 1) })).toBe(totpCode({ seed, at }));
        expect(secondsLeft(new Date(until))).toBe(30);
      }),
    );
  });
});
