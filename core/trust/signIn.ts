/** Signing in: a person signs the api's challenge in a namespace of its own, so that it decides nothing. */
import { CanonicalError, parseCanonical } from '../contracts/canonical.ts';
import type { Config } from '../contracts/config.ts';
import { namespaces, signInChallenge, type Envelope, type SignInChallenge } from '../contracts/statements.ts';
import { keysOf, personOf } from './signers.ts';
import { verifySshSignature } from './sshsig.ts';

/** How long a challenge may be answered. */
export const CHALLENGE_SECONDS = 60;

export type SignedIn =
  | { readonly ok: true; readonly challenge: SignInChallenge; readonly fingerprint: string }
  | { readonly ok: false; readonly why: string };

/**
 * Verifies a signed challenge: for this origin, unexpired, signed by a key the person holds in the config in
 * force. Whether the challenge was ours and is answered for the first time is the api's to know.
 *
 * @param request.origin - the api's own, from the config: a challenge signed for another site is worth nothing here
 * @param request.now - UTC
 */
export function verifySignIn(request: {
  readonly envelope: Envelope;
  readonly config: Config;
  readonly origin: string;
  readonly now: string;
}): SignedIn {
  const { envelope, config, origin, now } = request;
  const challenge = readChallenge(envelope.statement);
  if (challenge === undefined) return { ok: false, why: 'not a sign-in challenge' };
  if (challenge.origin !== origin)
    return { ok: false, why: `the challenge is for ${challenge.origin}, not for ${origin}` };
  const left = Date.parse(challenge.expiresAt) - Date.parse(now);
  if (left <= 0) return { ok: false, why: 'the challenge has expired: ask for a new one' };
  if (left > CHALLENGE_SECONDS * 1000)
    return { ok: false, why: 'the challenge lives too long: ask for a new one' };
  const person = personOf(config, challenge.person);
  if (person === undefined)
    return { ok: false, why: `the config in force has no person ${challenge.person}` };
  const verdict = verifySshSignature({
    message: envelope.statement,
    signature: envelope.signature,
    namespace: namespaces.signIn,
    keys: keysOf(person),
  });
  if (!verdict.ok) return { ok: false, why: verdict.message };
  return { ok: true, challenge, fingerprint: verdict.key.fingerprint };
}

function readChallenge(text: string): SignInChallenge | undefined {
  try {
    const parsed = signInChallenge.safeParse(parseCanonical(text));
    return parsed.success ? parsed.data : undefined;
  } catch (error) {
    if (error instanceof CanonicalError) return undefined;
    throw error;
  }
}
