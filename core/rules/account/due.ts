import type { AccountEvent } from '../../contracts/events.ts';
import { lateness } from '../decision.ts';
import { earliest } from '../obligations.ts';
import { nextRotation } from './decide.ts';
import { isUnclaimed, type AccountState } from './state.ts';

/** What the clock alone brings about at `now`: logins nobody claimed in time. */
export const dueAccount = (state: AccountState, now: string): AccountEvent[] =>
  state.seen
    .filter((each) => isUnclaimed(each) && each.claimBy <= now)
    .map((each) => ({
      type: 'session-unclaimed',
      at: now,
      sighting: each.sighting.id,
      late: lateness(each.claimBy, now),
    }));

/**
 * What follows without anybody's doing: an owed rotation begins when none is running. After a failure it
 * waits for an owner (`rotate`): what no retry could mend would fail again, at once and for ever.
 */
export const followAccount = (state: AccountState, now: string): AccountEvent[] => {
  const [owed] = state.rotationsOwed;
  if (state.rotation !== null || state.rotationFailure !== null) return [];
  // Not under the feet of a case that is open: it ends in a rotation of its own.
  const isDistrusted = state.distrusted !== null && state.openCase === null;
  if (owed === undefined && !isDistrusted) return [];
  return [
    {
      type: 'rotation-started',
      at: now,
      rotation: nextRotation(state, now),
      cause: owed === undefined ? 'distrust' : 'case',
      case: owed ?? null,
      by: null,
    },
  ];
};

/** The nearest instant at which `dueAccount` has something to say; null when none. */
export const nextAccountDeadline = (state: AccountState): string | null =>
  earliest(state.seen.map((each) => (isUnclaimed(each) ? each.claimBy : null)));
