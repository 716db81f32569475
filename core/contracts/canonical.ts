/**
 * Canonical JSON: the one spelling of a value that people sign and hashes cover.
 *
 * RFC 8785 (JCS), narrowed to what two programs cannot read differently: no fractions, no numbers beyond
 * 2^53 − 1, strings in NFC. Everything this module writes is valid JCS; not all JCS is accepted here.
 * Runs inside Temporal's workflow sandbox, so nothing of Node is used.
 */

/** A value that has a canonical spelling. Numbers are safe integers, strings are well-formed and NFC. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [member: string]: Json };

/** Longest text {@link parseCanonical} reads, in bytes of UTF-8. */
export const CANONICAL_MAX_BYTES = 64 * 1024;

/** Deepest nesting of arrays and objects; also what stops a value that contains itself. */
export const CANONICAL_MAX_DEPTH = 32;

/**
 * A value or text that has no canonical spelling. The message names the place and never the value,
 * which may be a secret.
 */
export class CanonicalError extends Error {
  override readonly name = 'CanonicalError';
  /** Where, from the root `$`: `$.people[2].name`. */
  readonly path: string;
  constructor(path: string, problem: string) {
    super(`${problem} at ${path}`);
    this.path = path;
  }
}

/**
 * Whether a string is well-formed UTF-16: only such strings survive a round trip through UTF-8, so only
 * such strings may be hashed. (`String.prototype.isWellFormed` is newer than our language level.)
 */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/**
 * The canonical text of a value: members sorted by UTF-16 code units, no white space, shortest escapes.
 *
 * @param value - plain objects, arrays, strings, safe integers, booleans, null. `-0` is written `0`.
 * @returns the text, the same for equal values on every machine
 * @throws {@link CanonicalError} with the path of the first member that has no canonical spelling
 * @see RFC 8785, section 3.2
 */
export function canonicalize(value: Json): string {
  assertJson(value, '$', 0);
  return write(value);
}

/**
 * Reads a canonical text, refusing every other spelling of the same value: duplicate or unsorted members,
 * white space, other escapes, `1.0`, `1e3`, `-0`, strings outside NFC.
 *
 * @param text - at most {@link CANONICAL_MAX_BYTES} of UTF-8, nested at most {@link CANONICAL_MAX_DEPTH} deep
 * @throws {@link CanonicalError}
 */
export function parseCanonical(text: string): Json {
  if (utf8Length(text) > CANONICAL_MAX_BYTES) {
    throw new CanonicalError('$', `text longer than ${CANONICAL_MAX_BYTES} bytes`);
  }
  const value = parseAny(text);
  assertJson(value, '$', 0);
  // JSON.parse keeps the last of two members of one name: written again, such a text comes out shorter.
  if (write(value) !== text) {
    throw new CanonicalError(
      '$',
      'not in canonical form (member order, duplicates, white space, numbers or escapes)',
    );
  }
  return value;
}

function parseAny(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The engine's message quotes the text, which may be a secret.
    throw new CanonicalError('$', 'not JSON');
  }
}

function assertJson(value: unknown, path: string, depth: number): asserts value is Json {
  if (value === null || typeof value === 'boolean') return;
  if (typeof value === 'string') {
    assertText(value, path);
  } else if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new CanonicalError(path, 'number is not a safe integer');
  } else if (typeof value === 'object') {
    if (depth >= CANONICAL_MAX_DEPTH) {
      throw new CanonicalError(path, `nested deeper than ${CANONICAL_MAX_DEPTH}`);
    }
    if (Array.isArray(value)) assertArray(value, path, depth);
    else assertPlainObject(value, path, depth);
  } else {
    throw new CanonicalError(path, `${typeof value} has no canonical form`);
  }
}

function assertText(text: string, path: string): void {
  if (!isWellFormed(text)) throw new CanonicalError(path, 'string has a lone surrogate');
  if (text !== text.normalize('NFC')) throw new CanonicalError(path, 'string is not in NFC');
}

function assertArray(items: readonly unknown[], path: string, depth: number): void {
  if (Object.keys(items).length !== items.length) {
    throw new CanonicalError(path, 'array has holes or extra members');
  }
  items.forEach((item, index) => {
    assertJson(item, `${path}[${index}]`, depth + 1);
  });
}

function assertPlainObject(value: object, path: string, depth: number): void {
  // By shape, not by identity with Object.prototype: in a sandbox an object may come from another realm.
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw new CanonicalError(path, 'not a plain object');
  }
  if (Object.getOwnPropertySymbols(value).length > 0)
    throw new CanonicalError(path, 'object has a symbol member');
  for (const [name, member] of Object.entries(value)) {
    const place = memberPath(path, name);
    assertText(name, place);
    if (member === undefined) throw new CanonicalError(place, 'member is undefined (leave it out instead)');
    assertJson(member, place, depth + 1);
  }
}

function memberPath(path: string, name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
}

function write(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (isArray(value)) return `[${value.map(write).join(',')}]`;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${write(member)}`).join(',')}}`;
}

/** `Array.isArray` does not narrow read-only arrays. */
function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function utf8Length(text: string): number {
  let bytes = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    // Each half of a surrogate pair counts two of the pair's four bytes.
    bytes += unit < 0x80 ? 1 : unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 2 : 3;
  }
  return bytes;
}
