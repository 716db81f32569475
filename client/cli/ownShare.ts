/** A custodian's own share: found in a verified seal, opened with their own identity. */
import type { StoredSeal } from '../../core/contracts/http.ts';
import type { PersonId } from '../../core/contracts/ids.ts';
import { ShareError } from '../../core/custody/errors.ts';
import { openShare } from '../../core/custody/open.ts';
import type { OpenedShare } from '../../core/custody/shareText.ts';
import { ownRecipient, readAgeIdentity } from './ageKey.ts';
import type { Trust } from './configPin.ts';
import { MachineRefusal, usage } from './exits.ts';
import type { Profile } from './home.ts';

/**
 * Opens the person's own share and proves it against its commitment.
 *
 * @returns the share; its bytes are secret: wipe them
 * @throws MachineRefusal if the seal does not hold what it says; CliError `usage` if the identity is not the
 * one the config names
 */
export const openOwnShare = async (
  { sealed }: StoredSeal,
  me: PersonId,
  profile: Profile,
  { current }: Trust,
): Promise<OpenedShare> => {
  const recipient = await ownRecipient(profile);
  const named = current.config.people[me]?.ageRecipient;
  if (recipient !== named)
    throw usage(`${profile.ageIdentity} is not the identity the config names for ${me} (${named ?? 'none'})`);
  try {
    return await openShare({ sealed, custodian: me, identity: await readAgeIdentity(profile) });
  } catch (error) {
    if (error instanceof ShareError) throw new MachineRefusal('wrong-seal', error.message);
    throw error;
  }
};
