/** Challenges: kept nowhere until one is answered, so that asking for many costs us nothing. */
import { randomBytes } from 'node:crypto';
import { canonicalize } from '../core/contracts/canonical.ts';
import type { PersonId } from '../core/contracts/ids.ts';
import type { SignInChallenge } from '../core/contracts/statements.ts';
import { CHALLENGE_SECONDS } from '../core/trust/signIn.ts';
import { isSameMac, macOf } from './keyed.ts';

export interface Challenges {
  /** @param now - UTC; @returns the canonical text to sign, good for 60 s */
  issue(person: PersonId, origin: string, now: string): string;
  /** Takes an answered challenge in: false when it was not ours or was answered before. */
  redeem(challenge: SignInChallenge, now: string): boolean;
}

/** Bytes of randomness and of proof in a nonce of 128 bits. */
const HALF = 8;

/** @param key - secret, made at start: a challenge does not outlive the process */
export const createChallenges = (key: Uint8Array): Challenges => {
  const used = new Map<string, number>();
  const proof = (
    half: string,
    { origin, person, expiresAt }: Omit<SignInChallenge, 'nonce' | 'type' | 'v'>,
  ) => macOf(key, 'challenge', [half, origin, person, expiresAt]).subarray(0, HALF);

  return {
    issue: (person, origin, now) => {
      const expiresAt = new Date(Date.parse(now) + CHALLENGE_SECONDS * 1000).toISOString();
      const half = randomBytes(HALF).toString('hex');
      const nonce = half + proof(half, { origin, person, expiresAt }).toString('hex');
      return canonicalize({ type: 'sign-in', v: 1, origin, person, nonce, expiresAt });
    },
    redeem: (challenge, now) => {
      const at = Date.parse(now);
      for (const [nonce, expires] of used) if (expires <= at) used.delete(nonce);
      const { nonce } = challenge;
      const half = nonce.slice(0, HALF * 2);
      if (!isSameMac(Buffer.from(nonce.slice(HALF * 2), 'hex'), proof(half, challenge))) return false;
      if (used.has(nonce)) return false;
      used.set(nonce, Date.parse(challenge.expiresAt));
      return true;
    },
  };
};
