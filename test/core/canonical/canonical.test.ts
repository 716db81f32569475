import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CANONICAL_MAX_BYTES,
  CANONICAL_MAX_DEPTH,
  CanonicalError,
  canonicalize,
  isWellFormed,
  parseCanonical,
} from '../../../core/contracts/canonical.ts';
import type { Json } from '../../../core/contracts/canonical.ts';

const text = fc.string({ unit: 'grapheme' }).map((value) => value.normalize('NFC'));

/** Every value that has a canonical spelling, as far as it is worth going. */
const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    text,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(text, tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
})).value;

function refusal(act: () => unknown): CanonicalError {
  try {
    act();
  } catch (error) {
    if (error instanceof CanonicalError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** What untyped callers could pass in. */
function canonicalizeUnknown(value: unknown): string {
  return String(Reflect.apply(canonicalize, undefined, [value]));
}

function nested(depth: number): Json {
  let value: Json = [];
  for (let level = 1; level < depth; level += 1) value = [value];
  return value;
}

describe('canonicalize', () => {
  it('given the members of RFC 8785 section 3.2.3, sorts them by UTF-16 code units', () => {
    const value = {
      '€': 'Euro Sign',
      '\r': 'Carriage Return',
      '\u{1F600}': 'Emoji: Grinning Face',
      '1': 'One',
      '\u0080': 'Control',
      ö: 'Latin Small Letter O With Diaeresis',
    };
    expect(canonicalize(value)).toBe(
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control",' +
        '"ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","\u{1F600}":"Emoji: Grinning Face"}',
    );
  });

  it('given the string of RFC 8785 section 3.2.2, writes the shortest escapes', () => {
    expect(canonicalize('€$\u000F\u000aA\'\u0042\u0022\u005c\\"/')).toBe('"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"');
  });

  it('given nested values, keeps the order of arrays and writes no white space', () => {
    expect(canonicalize({ b: [3, { z: null, a: true }, ''], a: {} })).toBe(
      '{"a":{},"b":[3,{"a":true,"z":null},""]}',
    );
  });

  it('given negative zero, writes zero', () => {
    expect(canonicalize(-0)).toBe('0');
  });

  it('given an object without a prototype, takes it as plain', () => {
    expect(canonicalizeUnknown(Object.assign(Object.create(null), { a: 1 }))).toBe('{"a":1}');
  });

  it.each([
    ['a fraction', { a: [1, 0.5] }, '$.a[1]'],
    ['a number beyond 2^53 − 1', { a: 2 ** 53 }, '$.a'],
    ['NaN', [Number.NaN], '$[0]'],
    ['infinity', Number.POSITIVE_INFINITY, '$'],
    ['a big integer', { a: 1n }, '$.a'],
    ['an undefined member', { a: { b: undefined } }, '$.a.b'],
    ['an undefined item', [undefined], '$[0]'],
    ['a hole', Array(1), '$'],
    ['an array with a name on it', Object.assign([1], { extra: 1 }), '$'],
    ['a function', { a: () => 1 }, '$.a'],
    ['a date', { at: new Date(0) }, '$.at'],
    ['a map', new Map(), '$'],
    ['bytes', { key: new Uint8Array(2) }, '$.key'],
    ['a symbol member', { [Symbol('s')]: 1 }, '$'],
    ['a lone surrogate', { a: ['x', '\ud800'] }, '$.a[1]'],
    ['a lone surrogate in a name', { '\udfff': 1 }, '$["\\udfff"]'],
    ['a string outside NFC', { name: 'e\u0301' }, '$.name'],
    ['a name outside NFC', { 'odd e\u0301': 1 }, '$["odd e\u0301"]'],
  ])('given %s, refuses and names the place', (_, value, path) => {
    expect(refusal(() => canonicalizeUnknown(value)).path).toBe(path);
  });

  it('given a value that contains itself, refuses', () => {
    const loop: unknown[] = [];
    loop.push(loop);
    expect(refusal(() => canonicalizeUnknown(loop)).message).toContain('nested deeper');
  });

  it('given a refused string, keeps it out of the message', () => {
    expect(refusal(() => canonicalize({ password: 'hunter2\ud800' })).message).not.toContain('hunter2');
  });
});

describe('parseCanonical', () => {
  it('given any value, reads back what was written', () => {
    fc.assert(
      fc.property(json, (value) => {
        const written = canonicalize(value);
        expect(canonicalize(parseCanonical(written))).toBe(written);
        expect(parseCanonical(written)).toEqual(value);
      }),
    );
  });

  it('given the same members in another order, gives the same text', () => {
    fc.assert(
      fc.property(fc.dictionary(text, json, { noNullPrototype: true }), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalize(reversed)).toBe(canonicalize(value));
      }),
    );
  });

  it.each([
    ['a duplicate member', '{"a":1,"a":2}'],
    ['a duplicate member of one value', '{"a":1,"a":1}'],
    ['unsorted members', '{"b":1,"a":2}'],
    ['white space', '{"a": 1}'],
    ['a newline at the end', '1\n'],
    ['a fraction that is whole', '1.0'],
    ['an exponent', '1e2'],
    ['negative zero', '-0'],
    ['a fraction', '0.5'],
    ['a number that loses digits', '9007199254740993'],
    ['a needless escape', '"\\u0041"'],
    ['an escaped slash', '"\\/"'],
    ['an upper-case escape', '"\\u000F"'],
    ['an escaped lone surrogate', '"\\ud800"'],
    ['a string outside NFC', '"e\u0301"'],
    ['a byte-order mark', '\ufeff1'],
    ['no JSON', '{secret'],
    ['nothing', ''],
  ])('given %s, refuses', (_, written) => {
    expect(() => parseCanonical(written)).toThrow(CanonicalError);
  });

  it('given text that is no JSON, does not quote it', () => {
    expect(refusal(() => parseCanonical('{"password":hunter2}')).message).toBe('not JSON at $');
  });

  it('given a __proto__ member, keeps it as a member and changes no prototype', () => {
    const value = parseCanonical('{"__proto__":{"admin":true}}');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(canonicalize(value)).toBe('{"__proto__":{"admin":true}}');
  });

  it('given the deepest nesting, reads it; one deeper, refuses', () => {
    const deepest = canonicalize(nested(CANONICAL_MAX_DEPTH));
    expect(canonicalize(parseCanonical(deepest))).toBe(deepest);
    expect(refusal(() => parseCanonical(`[${deepest}]`)).message).toContain('nested deeper');
  });

  it.each([
    ['one-byte', 'a', 1],
    ['two-byte', 'ö', 2],
    ['three-byte', '€', 3],
    ['four-byte', '\u{1F600}', 4],
  ])(
    'given the longest text of %s characters, reads it; one character more, refuses',
    (_, character, bytes) => {
      const fits = Math.floor((CANONICAL_MAX_BYTES - 2) / bytes);
      expect(parseCanonical(`"${character.repeat(fits)}"`)).toHaveLength(fits * character.length);
      expect(refusal(() => parseCanonical(`"${character.repeat(fits + 1)}"`)).message).toContain(
        'longer than',
      );
    },
  );
});

describe('isWellFormed', () => {
  it('given any string, says whether it survives UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom('', '\ud800', '\udc00'), (start, end) => {
        const value = start + end;
        expect(isWellFormed(value)).toBe(Buffer.from(value, 'utf8').toString('utf8') === value);
      }),
    );
  });
});
