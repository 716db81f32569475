/** The secrets that are made and used: passwords, and one-time codes from a TOTP seed. */
import { Secret, TOTP } from 'otpauth';
import type { RandomBytes } from './bytes.ts';

/** 56 letters and digits, without what reads alike aloud or in print: 0 O o, 1 I l. No character needs quoting. */
export const PASSWORD_ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789';

/** The shortest password that is made, in characters. */
export const PASSWORD_MIN_LENGTH = 30;

/** Seconds one code lives; with SHA-1 and six digits, what Kratos and every authenticator use (RFC 6238). */
const TOTP_PERIOD_SECONDS = 30;

/**
 * A random password: log2(56) = 5.807 bits a character, so 232 bits at the default 40 and 174 at 30.
 *
 * Bytes that would favour some characters are thrown away, so each is equally likely.
 *
 * @param options.random - a cryptographic source, such as `randomBytes` of node:crypto
 * @param options.length - characters, at least {@link PASSWORD_MIN_LENGTH}
 * @throws RangeError if the length is too short
 */
export function generatePassword(options: {
  readonly random: RandomBytes;
  readonly length?: number;
}): string {
  const { random, length = 40 } = options;
  if (!Number.isSafeInteger(length) || length < PASSWORD_MIN_LENGTH || length > 256) {
    throw new RangeError(`password length must be ${PASSWORD_MIN_LENGTH} to 256`);
  }
  const fair = 256 - (256 % PASSWORD_ALPHABET.length);
  let password = '';
  while (password.length < length) {
    const bytes = random(length - password.length);
    for (const byte of bytes) {
      if (byte < fair) password += PASSWORD_ALPHABET.charAt(byte % PASSWORD_ALPHABET.length);
    }
    bytes.fill(0);
  }
  return password;
}

/**
 * The one-time code of a moment.
 *
 * @param options.seed - base32, as Kratos shows it at enrolment; upper or lower case, padding optional
 * @returns six digits
 * @throws TypeError if the seed is not base32 of at least 80 bits
 */
export function totpCode(options: { readonly seed: string; readonly at: Date }): string {
  const totp = new TOTP({
    secret: readSeed(options.seed),
    algorithm: 'SHA1',
    digits: 6,
    period: TOTP_PERIOD_SECONDS,
  });
  return totp.generate({ timestamp: options.at.getTime() });
}

/** Whole seconds for which the code of this moment stays the current one: 30 to 1. */
export function secondsLeft(at: Date): number {
  return TOTP_PERIOD_SECONDS - (Math.floor(at.getTime() / 1000) % TOTP_PERIOD_SECONDS);
}

function readSeed(seed: string): Secret {
  // Checked here because the library's own error quotes the seed's bad character.
  if (!/^[A-Za-z2-7]{16,}=*$/.test(seed)) throw new TypeError('totp seed is not base32 of at least 80 bits');
  return Secret.fromBase32(seed);
}
