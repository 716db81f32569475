/** A custodian's own copies: whether each is there, is the worker's, and opens. */
import { amiss, well, type Check } from '../../../core/contracts/checks.ts';
import { storedSeal, type AccountView, type StoredSeal } from '../../../core/contracts/http.ts';
import { parts, type AccountId, type Part, type PersonId } from '../../../core/contracts/ids.ts';
import { wipe } from '../../../core/custody/bytes.ts';
import type { Trust } from '../configPin.ts';
import { newestCopy } from '../custodyCopies.ts';
import { parseJson, type Home, type Profile } from '../home.ts';
import { openOwnShare } from '../ownShare.ts';
import { verifySeal } from '../verifySeals.ts';
import { faultOf } from './machine.ts';

interface Held {
  readonly account: AccountId;
  readonly part: Part;
}

/** The parts whose share a person holds: by the pinned config, or by the pair now sealed. */
const heldBy = (me: PersonId, { current }: Trust, views: readonly AccountView[]): Held[] =>
  (Object.keys(current.config.accounts) as AccountId[]).flatMap((account) =>
    parts
      .filter(
        (part) =>
          current.config.accounts[account]?.custody[part].custodians.includes(me) === true ||
          views.some(
            (view) => view.account === account && view.pair?.[part].custodians.includes(me) === true,
          ),
      )
      .map((part) => ({ account, part })),
  );

/**
 * @param views - what the api shows of the accounts; empty where it does not answer, and then only the copies
 * themselves are looked at
 */
export const lookAtCopies = async (
  home: Home,
  profile: Profile,
  trust: Trust,
  views: readonly AccountView[],
): Promise<Check[]> =>
  Promise.all(
    heldBy(profile.person, trust, views).map((held) =>
      lookAtCopy(
        home,
        profile,
        trust,
        held,
        views.find((view) => view.account === held.account),
      ),
    ),
  );

const lookAtCopy = async (
  home: Home,
  profile: Profile,
  trust: Trust,
  { account, part }: Held,
  view: AccountView | undefined,
): Promise<Check> => {
  const of = { id: `copy/${account}/${part}`, by: 'machine' } as const;
  const remedy = `breakglass attest ${account} --kept-at WHERE`;
  const sealed = view?.pair?.[part];
  if (view !== undefined && sealed === undefined)
    return amiss(of, 'unknown', { says: `${account} is not provisioned: there is nothing to keep yet` });
  const newest = await newestCopy(home, account, part);
  const still = 'releasing from what the api shows; without the api your share is missing';
  if (newest === null)
    return amiss(of, 'warning', {
      says: `you hold a share of the ${part} of ${account} and keep no copy of it here`,
      still,
      remedy,
    });
  try {
    const seal = storedSeal.parse(parseJson((await home.read(newest.name)) ?? '')) satisfies StoredSeal;
    verifySeal(seal, account, trust);
    wipe((await openOwnShare(seal, profile.person, profile, trust)).bytes);
  } catch (error) {
    const { says } = faultOf(error);
    return amiss(of, 'broken', {
      says: `${home.path(newest.name)} does not open: ${says}`,
      still,
      remedy: `move it away, then ${remedy}`,
    });
  }
  if (sealed !== undefined && sealed.generation > newest.generation)
    return amiss(of, 'warning', {
      says: `your copy of the ${part} of ${account} is generation ${newest.generation}; ${sealed.generation} opens it now`,
      still,
      remedy,
    });
  return well(
    of,
    `your copy of the ${part} of ${account} (generation ${newest.generation}) is there and opens`,
  );
};
