/** Answering the api's challenge: only for the api one means to talk to, only as oneself. */
import { CanonicalError, parseCanonical } from '../../core/contracts/canonical.ts';
import { namespaces, signInChallenge, type Envelope } from '../../core/contracts/statements.ts';
import { MachineRefusal } from './exits.ts';
import type { Profile } from './home.ts';
import { oneLine } from './printable.ts';
import { signText } from './sign.ts';

/**
 * @param now - UTC
 * @param unattended - see `signText`
 * @throws MachineRefusal for a challenge of another site, for another person, or that is none
 */
export const answerChallenge = async (
  text: string,
  profile: Profile,
  now: string,
  unattended?: AbortSignal,
): Promise<Envelope> => {
  const challenge = readChallenge(text);
  const { origin } = new URL(profile.api);
  if (challenge.origin !== origin)
    throw refuse(`the challenge is for ${oneLine(challenge.origin)}, and your profile names ${origin}`);
  if (challenge.person !== profile.person)
    throw refuse(`the challenge is for ${challenge.person}, not for ${profile.person}`);
  if (challenge.expiresAt <= now) throw refuse('the challenge has expired: check the clocks');
  return signText(text, namespaces.signIn, profile.sshKey, unattended);
};

const readChallenge = (text: string) => {
  try {
    const parsed = signInChallenge.safeParse(parseCanonical(text));
    if (parsed.success) return parsed.data;
  } catch (error) {
    if (!(error instanceof CanonicalError)) throw error;
  }
  throw refuse('what the api wants signed is no sign-in challenge');
};

const refuse = (why: string): MachineRefusal => new MachineRefusal('wrong-challenge', why);
