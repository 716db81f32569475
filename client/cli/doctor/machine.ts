/** What a person's own machine can look at by itself: profile, SSH key, age identity. */
import { randomBytes } from 'node:crypto';
import { amiss, well, type Check } from '../../../core/contracts/checks.ts';
import type { Person } from '../../../core/contracts/config.ts';
import { namespaces } from '../../../core/contracts/statements.ts';
import { ageDecrypt, ageEncrypt } from '../../../core/custody/age.ts';
import { wipe } from '../../../core/custody/bytes.ts';
import { keysOf } from '../../../core/trust/signers.ts';
import { verifySshSignature } from '../../../core/trust/sshsig.ts';
import { ownRecipient, readAgeIdentity } from '../ageKey.ts';
import { CliError } from '../exits.ts';
import { isOpenToOthers, type Home, type Profile } from '../home.ts';
import { signText } from '../sign.ts';

const by = 'machine';

/** What an error of ours says, with the command that helps; anything else by its name only. */
export const faultOf = (error: unknown): { readonly says: string; readonly remedy?: string } => {
  if (error instanceof CliError)
    return { says: error.message, ...(error.next === undefined ? {} : { remedy: error.next }) };
  return { says: error instanceof Error ? `${error.name}: ${error.message}` : 'unknown error' };
};

/** The profile; null, and what to do, where there is none. */
export const lookAtProfile = async (
  home: Home,
): Promise<{ readonly profile: Profile | null; readonly check: Check }> => {
  const of = { id: 'profile', by } as const;
  try {
    const profile = await home.profile();
    if (await isOpenToOthers(home.dir))
      return {
        profile,
        check: amiss(of, 'warning', {
          says: `others can look into ${home.dir}`,
          still: 'everything',
          remedy: `chmod 700 ${home.dir}`,
        }),
      };
    return { profile, check: well(of, `this machine acts for ${profile.person}`) };
  } catch (error) {
    const still = 'nothing on this machine; your colleagues’ machines';
    return { profile: null, check: amiss(of, 'broken', { still, ...faultOf(error) }) };
  }
};

/**
 * Signs a random text in a namespace that counts for nothing, and holds the signature against the config.
 *
 * @param me - the person as the pinned config has them; undefined where that is not known
 */
export const lookAtSshKey = async (profile: Profile, me: Person | undefined): Promise<Check> => {
  const of = { id: 'ssh-key', by } as const;
  const still = 'reading what the api still shows; nothing can be signed here';
  const message = randomBytes(16).toString('hex');
  try {
    const { signature } = await signText(message, namespaces.doctor, profile.sshKey);
    if (me === undefined)
      return amiss(of, 'unknown', { says: `${profile.sshKey} signs; no pinned config says whose it is` });
    const verdict = verifySshSignature({
      message,
      signature,
      namespace: namespaces.doctor,
      keys: keysOf(me),
    });
    if (verdict.ok) return well(of, `your SSH key signs and is the config's (${verdict.key.fingerprint})`);
    return amiss(of, 'broken', {
      says: `${profile.sshKey} signs, but the config does not name it as ${profile.person}'s: ${verdict.message}`,
      still,
      remedy:
        'breakglass init --force with the right --ssh-key; or have two admins sign a config with this one',
    });
  } catch (error) {
    return amiss(of, 'broken', {
      still,
      remedy: 'breakglass init --force with --ssh-key',
      ...faultOf(error),
    });
  }
};

/** Encrypts a random text to the recipient that the config names, and opens it with the person's own identity. */
export const lookAtAgeIdentity = async (profile: Profile, me: Person | undefined): Promise<Check> => {
  const of = { id: 'age-identity', by } as const;
  const still = 'signing; no share opens here, and none released to you';
  try {
    const recipient = me?.ageRecipient ?? (await ownRecipient(profile));
    const file = await ageEncrypt([recipient], randomBytes(16));
    wipe(await ageDecrypt(await readAgeIdentity(profile), file));
    if (me === undefined)
      return amiss(of, 'unknown', {
        says: `${profile.ageIdentity} opens; no pinned config says whose it is`,
      });
    return well(of, 'your age identity opens what is sealed to you');
  } catch (error) {
    const remedy =
      'put your own identity back from its copy; if it is lost, two admins sign a config with a new recipient, then an owner rotates';
    return amiss(of, 'broken', { still, remedy, ...faultOf(error) });
  }
};
