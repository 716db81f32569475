/** Opening, handing over and combining shares: on custodians' and the requester's own machines. */
import { combine } from 'shamir-secret-sharing';
import { sha256HexSchema } from '../contracts/seal.ts';
import type { SealedPart, SealedShare } from '../contracts/seal.ts';
import { ageDecrypt, ageEncrypt, AgeError, recipientOf } from './age.ts';
import { fromBase64, wipe } from './bytes.ts';
import { headerText, keyCommitment } from './commitment.ts';
import { SealError, ShareError } from './errors.ts';
import { decryptPayload } from './payload.ts';
import { assertShareOf, readReleasedShare, readSealedShare, writeReleasedShare } from './shareText.ts';
import type { OpenedShare } from './shareText.ts';

/**
 * Opens one custodian's share and proves that it is the one the seal committed to.
 *
 * @param request.identity - the custodian's `AGE-SECRET-KEY-1…`
 * @returns the share; its bytes are secret
 * @throws {@link ShareError}; `AgeError` `bad-identity`
 */
export async function openShare(request: {
  readonly sealed: SealedPart;
  readonly custodian: string;
  readonly identity: string;
}): Promise<OpenedShare> {
  const { sealed, custodian, identity } = request;
  const entry = sealed.shares.find((share) => share.custodian === custodian);
  if (entry === undefined) throw new ShareError('not-for-you', custodian, 'there is none in this seal');
  if ((await recipientOf(identity)) !== entry.recipient) {
    throw new ShareError('not-for-you', custodian, `is sealed to ${entry.recipient}, not to this identity`);
  }
  const plaintext = await decrypt(identity, entry.ciphertext, custodian);
  try {
    return readSealedShare(plaintext, sealed, entry);
  } finally {
    wipe(plaintext);
  }
}

/**
 * Encrypts a share anew, to the one-time recipient of one request.
 *
 * @param request.request - the request's digest, SHA-256 in hex; {@link openRewrapped} wants the same
 * @returns an age file in text armor
 * @throws `AgeError` `bad-recipient`; TypeError if the request is no digest
 */
export async function rewrapShare(request: {
  readonly share: OpenedShare;
  readonly recipient: string;
  readonly request: string;
}): Promise<string> {
  if (!sha256HexSchema.safeParse(request.request).success) {
    throw new TypeError('request is not a SHA-256 digest in lower-case hex');
  }
  return ageEncrypt([request.recipient], writeReleasedShare(request.share, request.request));
}

/**
 * Opens a share that a custodian released for a request, and proves it against the seal.
 *
 * @param request.identity - the request's one-time identity
 * @param request.request - the request's digest, SHA-256 in hex
 * @throws {@link ShareError}; `AgeError` `bad-identity`
 */
export async function openRewrapped(request: {
  readonly ciphertext: string;
  readonly identity: string;
  readonly sealed: SealedPart;
  readonly request: string;
}): Promise<OpenedShare> {
  const plaintext = await decrypt(request.identity, request.ciphertext, 'an unknown custodian');
  try {
    return readReleasedShare(plaintext, request.sealed, request.request);
  } finally {
    wipe(plaintext);
  }
}

/**
 * Combines shares to the secret. Every share is checked first, so a bad one is named and not guessed at.
 *
 * @param request.shares - at least the seal's threshold; more are checked and used too
 * @returns the secret: wipe it after use. The shares are left as they are
 * @throws {@link ShareError} for one bad share; {@link SealError} for the whole
 */
export async function combineShares(request: {
  readonly sealed: SealedPart;
  readonly shares: readonly OpenedShare[];
}): Promise<Uint8Array> {
  const { sealed, shares } = request;
  for (const share of shares) assertShareOf(share, sealed, entryOf(share, sealed));
  if (new Set(shares.map((share) => share.index)).size < shares.length) {
    throw new SealError('duplicate-share', 'the same share is given twice');
  }
  if (shares.length < sealed.threshold) {
    throw new SealError('too-few-shares', `${shares.length} shares given, ${sealed.threshold} needed`);
  }
  const key = await combineKey(shares);
  try {
    if (keyCommitment(sealed, key) !== sealed.keyCommitment) throw keyMismatch();
    const nonce = fromBase64(sealed.payload.nonce);
    const ciphertext = fromBase64(sealed.payload.ciphertext);
    if (nonce === undefined || ciphertext === undefined) {
      throw new SealError('payload-tampered', 'the sealed payload is not base64');
    }
    return decryptPayload({ key, nonce }, headerText(sealed), ciphertext);
  } finally {
    wipe(key);
  }
}

function entryOf(share: OpenedShare, sealed: SealedPart): SealedShare {
  const entry = sealed.shares.find(({ custodian }) => custodian === share.custodian);
  if (entry === undefined)
    throw new ShareError('foreign-share', share.custodian, 'the seal has no such custodian');
  return entry;
}

async function combineKey(shares: readonly OpenedShare[]): Promise<Uint8Array> {
  try {
    return await combine(shares.map(({ bytes }) => Uint8Array.from(bytes)));
  } catch {
    // Shares of a dishonest seal: committed to, but of different lengths or at the same point.
    throw keyMismatch();
  }
}

function keyMismatch(): SealError {
  return new SealError('key-mismatch', 'the shares are good but make another key than the seal committed to');
}

async function decrypt(identity: string, ciphertext: string, custodian: string): Promise<Uint8Array> {
  try {
    return await ageDecrypt(identity, ciphertext);
  } catch (error) {
    if (error instanceof AgeError && error.reason === 'cannot-decrypt') {
      throw new ShareError('cannot-decrypt', custodian, error.message);
    }
    throw error;
  }
}
