import type { Config } from '../../contracts/config.ts';
import type { Terms } from '../../contracts/events.ts';
import { parts, type AccountId, type PersonId } from '../../contracts/ids.ts';
import { eligible } from '../quorum.ts';
import type { AccountState } from './state.ts';

/** Why the sealing of the current pair is not proven: who opens it must have seen that they can. */
const unprovenSealing = ({ pair, attested }: AccountState): string | null => {
  const lacking = parts.flatMap((part) => {
    const sealed = pair?.[part];
    if (sealed === undefined) return [];
    const by = sealed.custodians.filter((person) => attested.includes(`${part}/${person}`));
    return by.length >= sealed.threshold
      ? []
      : [`${by.length} of the ${sealed.threshold} custodians needed have attested the ${part}`];
  });
  return lacking.length === 0 ? null : `its sealing is not proven: ${lacking.join(', ')}`;
};

/**
 * Why the next case is refused: a rotation that is owed, running or unproven, a credential that should be dead and
 * works, or a sealing that too few custodians have attested.
 *
 * @returns a clause for people; null when nothing blocks
 */
export const blockedBy = (state: AccountState): string | null => {
  if (state.rotation !== null) return `${state.rotation.id} is not proven yet`;
  if (state.rotationFailure !== null) return state.rotationFailure;
  if (state.rotationsOwed.length > 0)
    return `the rotation after ${state.rotationsOwed.join(', ')} has not begun`;
  if (state.distrusted !== null)
    return `the credential of ${state.distrusted} still works after its rotation`;
  return unprovenSealing(state);
};

/** Whether two owners let the next request pass what blocks the account. */
export const isOverridden = (state: AccountState, now: string): boolean =>
  state.overriddenUntil !== null && state.overriddenUntil > now;

/**
 * How many must agree to the next case: one more than the config says while paperwork is overdue, but never more
 * than there are people who may. Nothing owed may lock the way in.
 */
export const quorumFor = (
  state: AccountState,
  config: Config,
  id: AccountId,
  requester: PersonId,
): Pick<Terms, 'need' | 'raised'> => {
  const quorum = config.accounts[id]?.quorum;
  if (quorum === undefined) throw new Error(`the config has no account ${id}`);
  if (state.overdue.length === 0) return { need: quorum.need };
  const others = eligible(config, quorum.role, requester).length;
  return {
    need: Math.max(quorum.need, Math.min(quorum.need + 1, others)),
    raised: { from: quorum.need, overdue: [...state.overdue] },
  };
};
