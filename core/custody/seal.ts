/**
 * Sealing one generation of one part to its custodians.
 *
 * A random key encrypts the secret; the key, never the secret, is split by Shamir's scheme; each share is
 * encrypted to one custodian's age key. Everything is bound to the header, so that nothing of one seal can
 * stand in for anything of another.
 *
 * Keys, shares and padded secrets are overwritten after use. That is best effort: strings cannot be
 * overwritten in JavaScript, and the runtime may have copied bytes.
 */
import { randomBytes } from 'node:crypto';
import { combine, split } from 'shamir-secret-sharing';
import * as z from 'zod';
import { sealedShareSchema, sealHeaderSchema } from '../contracts/seal.ts';
import type { Part, SealedPart, SealedShare, SealHeader } from '../contracts/seal.ts';
import { ageEncrypt } from './age.ts';
import { toBase64, wipe } from './bytes.ts';
import type { RandomBytes } from './bytes.ts';
import { headerText, keyCommitment, shareCommitment } from './commitment.ts';
import { SealError } from './errors.ts';
import { decryptPayload, encryptPayload, SECRET_MAX_BYTES } from './payload.ts';
import { writeSealedShare } from './shareText.ts';

export interface Custodian {
  readonly person: string;
  /** `age1…` */
  readonly recipient: string;
}

export interface SealRequest {
  readonly account: string;
  readonly part: Part;
  readonly generation: number;
  /** 1 to {@link SECRET_MAX_BYTES} bytes; a text is taken as UTF-8. Left as it is: wiping it is the caller's. */
  readonly secret: Uint8Array | string;
  /** Shares needed to open; at least 2. */
  readonly threshold: number;
  /** Distinct people with distinct recipients, at most 255; share 1 goes to the first. */
  readonly custodians: readonly Custodian[];
  /** UTC, ISO 8601. */
  readonly sealedAt: string;
  /** For seal id, key and nonce, in this order; by default the system's. Split and age always take the system's. */
  readonly random?: RandomBytes;
}

/**
 * Seals a secret, and opens it again in memory before answering: a sealed part that came back can be opened.
 *
 * @throws {@link SealError} `bad-arguments`; `AgeError` `bad-recipient`
 */
export async function sealPart(request: SealRequest): Promise<SealedPart> {
  const random = request.random ?? randomBytes;
  const header = headerFor(request, Buffer.from(random(16)).toString('hex'));
  const custodians = custodiansFor(request);
  const secret = secretOf(request);
  const key = Uint8Array.from(random(32));
  const nonce = Uint8Array.from(random(12));
  const raw = await split(key, custodians.length, header.threshold);
  try {
    const ciphertext = encryptPayload({ key, nonce }, headerText(header), secret);
    // Both ends of the list, so that with three of five every share has been tried.
    for (const quorum of [raw.slice(0, header.threshold), raw.slice(-header.threshold)]) {
      await testOpen(quorum, header, { nonce, ciphertext }, secret);
    }
    const shares = await Promise.all(
      raw.map((bytes, place) => sealShare(header, custodians[place], place + 1, bytes)),
    );
    const payload = { nonce: toBase64(nonce), ciphertext: toBase64(ciphertext) };
    return { ...header, keyCommitment: keyCommitment(header, key), payload, shares };
  } finally {
    wipe(key, secret, ...raw);
  }
}

type Recipient = Pick<SealedShare, 'custodian' | 'recipient'>;

function headerFor(
  { account, part, generation, threshold, sealedAt }: SealRequest,
  seal: string,
): SealHeader {
  const header = sealHeaderSchema.safeParse({ v: 1, account, part, generation, threshold, sealedAt, seal });
  if (!header.success) throw new SealError('bad-arguments', `cannot seal: ${firstIssue(header.error)}`);
  return header.data;
}

const recipientsSchema = z.array(sealedShareSchema.pick({ custodian: true, recipient: true })).max(255);

function custodiansFor({ custodians, threshold }: SealRequest): Recipient[] {
  const list = custodians.map(({ person, recipient }) => ({ custodian: person, recipient }));
  const parsed = recipientsSchema.safeParse(list);
  if (!parsed.success)
    throw new SealError('bad-arguments', `cannot seal to custodians: ${firstIssue(parsed.error)}`);
  if (threshold > list.length) {
    throw new SealError(
      'bad-arguments',
      `threshold ${threshold} is above the ${list.length} custodians named`,
    );
  }
  if (new Set(list.map(({ custodian }) => custodian)).size < list.length) {
    throw new SealError('bad-arguments', 'one person is named twice among the custodians');
  }
  if (new Set(list.map(({ recipient }) => recipient)).size < list.length) {
    throw new SealError('bad-arguments', 'two custodians have the same age recipient');
  }
  return parsed.data;
}

function secretOf({ secret }: SealRequest): Uint8Array {
  const bytes = typeof secret === 'string' ? new TextEncoder().encode(secret) : Uint8Array.from(secret);
  if (bytes.length === 0 || bytes.length > SECRET_MAX_BYTES) {
    throw new SealError(
      'bad-arguments',
      `a secret is 1 to ${SECRET_MAX_BYTES} bytes, this one ${bytes.length}`,
    );
  }
  return bytes;
}

async function testOpen(
  quorum: Uint8Array[],
  header: SealHeader,
  { nonce, ciphertext }: { readonly nonce: Uint8Array; readonly ciphertext: Uint8Array },
  secret: Uint8Array,
): Promise<void> {
  const key = await combine(quorum);
  const opened = decryptPayload({ key, nonce }, headerText(header), ciphertext);
  wipe(key);
  const isSame = Buffer.compare(opened, secret) === 0;
  wipe(opened);
  if (!isSame) {
    throw new SealError('payload-tampered', 'the new seal does not open to what was sealed: seal again');
  }
}

async function sealShare(
  header: SealHeader,
  to: Recipient | undefined,
  index: number,
  bytes: Uint8Array,
): Promise<SealedShare> {
  if (to === undefined) throw new SealError('bad-arguments', `share ${index} has no custodian`);
  const share = { ...header, custodian: to.custodian, index, bytes };
  const ciphertext = await ageEncrypt([to.recipient], writeSealedShare(share));
  return { ...to, index, commitment: shareCommitment(header, { ...to, index }, bytes), ciphertext };
}

function firstIssue({ issues: [issue] }: z.ZodError): string {
  return issue === undefined ? 'not valid' : `${issue.path.join('.')}: ${issue.message}`;
}
