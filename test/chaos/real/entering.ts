/** What a login of a requester says of the way in. */
import { setTimeout as sleep } from 'node:timers/promises';

/** How often a second factor is tried, a second apart, before it is one that does not open. */
const tries = 3;
const breathMs = 1000;

/** Tries until it works, a few times. @returns whether it ever did */
export const persevere = async (once: () => Promise<boolean>, breath = breathMs): Promise<boolean> => {
  for (let left = tries; left > 0; left -= 1) {
    if (await once()) return true;
    if (left > 1) await sleep(breath);
  }
  return false;
};

/**
 * Whether what the case's seals hold opened the account, to aal2.
 *
 * @param entered - null: the password was refused
 * @param isStillOpen - whether the case's pair must still open the account, looked at after the tries
 * @returns null when nobody can tell: it failed, and the case was over meanwhile
 */
export const openedBy = async (
  entered: { readonly isIn: boolean } | null,
  isStillOpen: () => Promise<boolean>,
): Promise<boolean | null> => {
  if (entered?.isIn === true) return true;
  return (await isStillOpen()) ? false : null;
};
