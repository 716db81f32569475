/** Encryption to people's age keys (https://age-encryption.org/v1), native X25519 only, in text armor. */
import { armor, Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';

export type AgeFault = 'bad-recipient' | 'bad-identity' | 'cannot-decrypt';

/** An age key or file that cannot be used. Carries no part of an identity. */
export class AgeError extends Error {
  override readonly name = 'AgeError';
  readonly reason: AgeFault;
  constructor(reason: AgeFault, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** A new identity, `AGE-SECRET-KEY-1…`: a secret. Its randomness is the system's. */
export async function newAgeIdentity(): Promise<string> {
  return generateX25519Identity();
}

/**
 * The recipient, `age1…`, that belongs to an identity.
 *
 * @throws {@link AgeError} `bad-identity`
 */
export async function recipientOf(identity: string): Promise<string> {
  // The library would also take post-quantum identities, whose recipients our config does not know.
  if (!identity.startsWith('AGE-SECRET-KEY-1')) throw badIdentity();
  try {
    return await identityToRecipient(identity);
  } catch {
    throw badIdentity();
  }
}

/**
 * Encrypts to every recipient given; any one of their identities opens it.
 *
 * @param bytes - a text is taken as UTF-8
 * @returns an age file in text armor, with a final newline
 * @throws {@link AgeError} `bad-recipient`, if one is not a native X25519 recipient or there is none
 */
export async function ageEncrypt(recipients: readonly string[], bytes: Uint8Array | string): Promise<string> {
  if (recipients.length === 0) throw new AgeError('bad-recipient', 'no age recipient given');
  const encrypter = new Encrypter();
  for (const recipient of recipients) {
    try {
      if (!/^age1[^1]+$/.test(recipient)) throw new TypeError('not a native recipient');
      encrypter.addRecipient(recipient);
    } catch {
      throw new AgeError('bad-recipient', `not an age recipient (age1…): ${recipient.slice(0, 80)}`);
    }
  }
  return armor.encode(await encrypter.encrypt(bytes));
}

/**
 * Decrypts an age file.
 *
 * @param file - text armor, or the bytes of an age file
 * @throws {@link AgeError} `bad-identity`, or `cannot-decrypt` if the file is damaged or for somebody else
 */
export async function ageDecrypt(identity: string, file: string | Uint8Array): Promise<Uint8Array> {
  await recipientOf(identity);
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  try {
    return await decrypter.decrypt(typeof file === 'string' ? armor.decode(file) : file);
  } catch {
    throw new AgeError('cannot-decrypt', 'age file is damaged or was encrypted to another key');
  }
}

function badIdentity(): AgeError {
  return new AgeError('bad-identity', 'not an age identity (AGE-SECRET-KEY-1…)');
}
