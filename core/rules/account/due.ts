import type { AccountEvent } from '../../contracts/events.ts';
import { caseIdOf, type CaseId } from '../../contracts/ids.ts';
import { lateness } from '../decision.ts';
import { earliest } from '../obligations.ts';
import { nextRotation } from './decide.ts';
import { isUnclaimed, nextOn, unansweredUse, type AccountState } from './state.ts';

type UnclaimedEvent = Extract<AccountEvent, { type: 'session-unclaimed' }>;

/**
 * The undeclared case of what rings now: the one that waits for its answer, so that a flood of logins is one alarm
 * to answer and not hundreds; else a new one. None before the account is provisioned: there is nothing to rotate.
 */
const caseOfUnclaimed = (state: AccountState, now: string): CaseId | undefined => {
  if (state.pair === null) return undefined;
  const unanswered = unansweredUse(state);
  if (unanswered !== null) return unanswered.case;
  const { date, count } = nextOn(state.casesOn, now);
  return caseIdOf(state.account, date, count);
};

/** What the clock alone brings about at `now`: logins nobody claimed in time, each with its undeclared case. */
export const dueAccount = (state: AccountState, now: string): UnclaimedEvent[] => {
  const id = caseOfUnclaimed(state, now);
  return state.seen
    .filter((each) => isUnclaimed(each) && each.claimBy <= now)
    .map((each) => ({
      ...{
        type: 'session-unclaimed',
        at: now,
        sighting: each.sighting.id,
        late: lateness(each.claimBy, now),
      },
      ...(id === undefined ? {} : { case: id }),
    }));
};

/**
 * What follows without anybody's doing: an owed rotation begins when none is running, and settles every case that
 * waits for one. After a failure it waits for an owner (`rotate`): what no retry could mend would fail again, at
 * once and for ever. While a case holds the account it waits too: what one stranger did must not take the way in
 * from an emergency, whose people can end it when they choose.
 */
export const followAccount = (state: AccountState, now: string): AccountEvent[] => {
  const [owed, ...also] = state.rotationsOwed;
  if (state.rotation !== null || state.rotationFailure !== null || state.openCase !== null) return [];
  if (owed === undefined && state.distrusted === null) return [];
  return [
    {
      type: 'rotation-started',
      at: now,
      rotation: nextRotation(state, now),
      cause: owed === undefined ? 'distrust' : 'case',
      case: owed ?? null,
      ...(also.length === 0 ? {} : { also }),
      by: null,
    },
  ];
};

/** The nearest instant at which `dueAccount` has something to say; null when none. */
export const nextAccountDeadline = (state: AccountState): string | null =>
  earliest(state.seen.map((each) => (isUnclaimed(each) ? each.claimBy : null)));
