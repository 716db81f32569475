/** The person's own age identity: read for one step, kept nowhere else. */
import { AgeError, newAgeIdentity, recipientOf } from '../../core/custody/age.ts';
import { CliError, exits, usage } from './exits.ts';
import { isOpenToOthers, readNamed, writePrivately, type Profile } from './home.ts';

/**
 * The identity in a file as `age-keygen` writes it: comments, then one `AGE-SECRET-KEY-1…`.
 *
 * @throws CliError if there is none, or others could read it
 */
export const readAgeIdentity = async ({ ageIdentity }: Pick<Profile, 'ageIdentity'>): Promise<string> => {
  const text = await readNamed(ageIdentity);
  if (await isOpenToOthers(ageIdentity))
    throw new CliError(
      exits.machineRefused,
      'open-to-others',
      `others can read ${ageIdentity}`,
      `chmod 600 ${ageIdentity}`,
    );
  const identity = text.split(/\r?\n/).find((line) => line.startsWith('AGE-SECRET-KEY-1'));
  if (identity === undefined) throw usage(`${ageIdentity} holds no age identity (AGE-SECRET-KEY-1…)`);
  return identity.trim();
};

/** The recipient of the person's own identity. @throws CliError */
export const ownRecipient = async (profile: Pick<Profile, 'ageIdentity'>): Promise<string> => {
  try {
    return await recipientOf(await readAgeIdentity(profile));
  } catch (error) {
    if (error instanceof AgeError) throw usage(`${profile.ageIdentity}: ${error.message}`);
    throw error;
  }
};

/** Makes an identity file, mode 0600. @returns its recipient */
export const createAgeIdentity = async (file: string, created: string): Promise<string> => {
  const identity = await newAgeIdentity();
  const recipient = await recipientOf(identity);
  await writePrivately(file, `# created: ${created}\n# public key: ${recipient}\n${identity}\n`);
  return recipient;
};
