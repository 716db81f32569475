/** Tokens to read with: short, bound to the key that signed in, worth nothing for a decision. */
import { z } from 'zod';
import type { Config } from '../core/contracts/config.ts';
import { instant, personId, type PersonId } from '../core/contracts/ids.ts';
import { keysOf, personOf } from '../core/trust/signers.ts';
import { isSameMac, macOf } from './keyed.ts';

/** How long a token is good for. */
export const TOKEN_SECONDS = 15 * 60;

const claims = z.strictObject({ person: personId, key: z.string(), expiresAt: instant });
type Claims = z.infer<typeof claims>;

export interface Tokens {
  /** @param fingerprint - of the key that signed in; @param now - UTC */
  issue(person: PersonId, fingerprint: string, now: string): { token: string; expiresAt: string };
  /** The person, or null: not ours, expired, or a person or key that the config in force no longer has. */
  read(token: string, config: Config, now: string): PersonId | null;
}

/** @param key - secret, made at start: a restart ends every token */
export const createTokens = (key: Uint8Array): Tokens => {
  const mac = (about: Claims): Buffer => macOf(key, 'token', { ...about });
  return {
    issue: (person, fingerprint, now) => {
      const expiresAt = new Date(Date.parse(now) + TOKEN_SECONDS * 1000).toISOString();
      const about: Claims = { person, key: fingerprint, expiresAt };
      const text = Buffer.from(JSON.stringify(about)).toString('base64url');
      return { token: `${text}.${mac(about).toString('base64url')}`, expiresAt };
    },
    read: (token, config, now) => {
      const [text = '', proof = '', ...rest] = token.split('.');
      const parsed =
        rest.length === 0 ? claims.safeParse(jsonOf(Buffer.from(text, 'base64url').toString())) : null;
      if (parsed?.success !== true) return null;
      if (!isSameMac(Buffer.from(proof, 'base64url'), mac(parsed.data))) return null;
      const { person, key: fingerprint, expiresAt } = parsed.data;
      if (expiresAt <= now) return null;
      const known = personOf(config, person);
      if (known === undefined) return null;
      return keysOf(known).some((each) => each.fingerprint === fingerprint) ? person : null;
    },
  };
};

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};
