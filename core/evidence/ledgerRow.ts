/**
 * A row of the ledger as the chain covers it: its canonical text, and the row that follows a head.
 */
import { canonicalize, CanonicalError, isWellFormed, type Json } from '../contracts/canonical.ts';
import { row as rowSchema, type Row, type RowDraft } from '../contracts/ledger.ts';
import { rowHash, type ChainHead, type ChainRow } from './chain.ts';

/** Everything of a row that its hash covers. */
export type UnhashedRow = Omit<Row, 'hash'>;

/**
 * The canonical text of a row without its hash, calculated from the parsed fields: a database may spell the
 * same JSON another way.
 *
 * @throws CanonicalError with the place, when a field has no canonical spelling
 */
export function ledgerRowText(row: UnhashedRow): string {
  // A hash that came along must not get into the text it is the hash of.
  return canonicalize(toJson({ ...row, hash: undefined }, keep));
}

/** A stored row as {@link verifyChain} reads it. Never throws: a row without a canonical text is an edited one. */
export function chainRow(row: Row): ChainRow {
  const { seq, previous, hash } = row;
  return { seq, previous, hash, text: textOrNothing(row) };
}

/**
 * Gives a draft its place after `head`.
 *
 * Text from outside (a user agent, a refused envelope) is made storable first, see {@link storable}; a signed
 * statement that was accepted is canonical and stays as it is.
 *
 * @throws TypeError when the draft is no row: the message names the fields, never their values
 * @throws CanonicalError when it holds a number that is no safe integer
 */
export function nextRow(head: ChainHead, draft: RowDraft): Row {
  const place = { seq: head.seq + 1, previous: head.hash };
  const parsed = rowSchema.omit({ hash: true }).safeParse(storable({ ...draft, ...place }));
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      (issue) => `${issue.message} at ${issue.path.join('.') || 'the row'}`,
    );
    throw new TypeError(`cannot append to the ledger: ${problems.join('; ')}`);
  }
  return { ...parsed.data, hash: rowHash(head.hash, ledgerRowText(parsed.data)) };
}

/**
 * A copy that every store keeps exactly: strings in NFC; lone surrogates and NUL, which Postgres refuses,
 * replaced by U+FFFD; members that are undefined left out.
 *
 * @throws TypeError on what is no JSON at all
 */
export function storable(value: unknown): Json {
  return toJson(value, scrub);
}

// Not well-formed, so that no hash covers it: not even one that whoever edited the row calculated anew.
const NO_TEXT = '\ud800';

function textOrNothing(row: Row): string {
  try {
    return ledgerRowText(row);
  } catch (error) {
    if (error instanceof CanonicalError) return NO_TEXT;
    throw error;
  }
}

function scrub(text: string): string {
  const wellFormed = isWellFormed(text) ? text : text.replace(/\p{Surrogate}/gu, '\ufffd');
  return wellFormed.replaceAll('\0', '\ufffd').normalize('NFC');
}

function keep(text: string): string {
  return text;
}

function toJson(value: unknown, ofText: (text: string) => string): Json {
  if (typeof value === 'string') return ofText(value);
  if (value === null || typeof value === 'boolean') return value;
  // JSON has no -0.
  if (typeof value === 'number') return value === 0 ? 0 : value;
  if (Array.isArray(value)) return value.map((item: unknown) => toJson(item, ofText));
  if (typeof value !== 'object') throw new TypeError(`cannot put a ${typeof value} into the ledger`);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  // Defined, not assigned: assigning a member named __proto__ would lose it.
  return Object.fromEntries(members.map(([name, member]): [string, Json] => [name, toJson(member, ofText)]));
}
