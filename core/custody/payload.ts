/** The sealed secret itself: padded to one length, then AES-256-GCM. */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { SealError } from './errors.ts';

/** Every secret is padded to this, so that a ciphertext's length says nothing about it. */
const BUCKET = 512;
const LENGTH_BYTES = 2;
const TAG_BYTES = 16;

/** Longest secret a payload holds, in bytes. */
export const SECRET_MAX_BYTES = BUCKET - LENGTH_BYTES;

/** 256-bit key, 96-bit nonce. The key must never be used for a second payload. */
export interface PayloadKey {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
}

/**
 * @param header - canonical header, authenticated with the secret
 * @returns ciphertext with its 128-bit tag at the end
 */
export function encryptPayload({ key, nonce }: PayloadKey, header: string, secret: Uint8Array): Uint8Array {
  const padded = Buffer.alloc(BUCKET);
  padded.writeUInt16BE(secret.length);
  padded.set(secret, LENGTH_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(header, 'utf8'));
  const ciphertext = Buffer.concat([cipher.update(padded), cipher.final(), cipher.getAuthTag()]);
  padded.fill(0);
  return ciphertext;
}

/**
 * @returns the secret, without its padding
 * @throws {@link SealError} `payload-tampered`
 */
export function decryptPayload(
  { key, nonce }: PayloadKey,
  header: string,
  ciphertext: Uint8Array,
): Uint8Array {
  if (ciphertext.length !== BUCKET + TAG_BYTES || nonce.length !== 12) throw tampered();
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(header, 'utf8'));
  decipher.setAuthTag(ciphertext.subarray(BUCKET));
  const padded = decipher.update(ciphertext.subarray(0, BUCKET));
  try {
    decipher.final();
    const length = padded.readUInt16BE();
    if (length === 0 || length > SECRET_MAX_BYTES) throw tampered();
    return new Uint8Array(padded.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
  } catch {
    throw tampered();
  } finally {
    padded.fill(0);
  }
}

function tampered(): SealError {
  return new SealError(
    'payload-tampered',
    'the sealed payload is not what was sealed under this key and header',
  );
}
