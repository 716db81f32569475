import type { AccountEvent, CaseEvent } from '../contracts/events.ts';
import type { CaseId } from '../contracts/ids.ts';
import type { AccountState } from './account/state.ts';
import { finalPhases, type CaseState } from './case/state.ts';

/** What an account learns when its case moves: it is free again, perhaps with a rotation owed. */
export const accountLearns = (before: CaseState | null, after: CaseState, at: string): AccountEvent[] => {
  const wasHeld = before !== null && isHolding(before);
  if (!wasHeld || isHolding(after)) return [];
  return [{ type: 'case-left', at, case: after.case, rotate: after.phase === 'ended' }];
};

const isHolding = (state: CaseState): boolean =>
  !finalPhases.includes(state.phase) && state.phase !== 'ended' && state.phase !== 'settling';

/** What a case learns when its account moves: a claimed or matched session, a proven rotation. */
export const caseLearns = (
  before: AccountState,
  event: AccountEvent,
  after: AccountState,
): { readonly case: CaseId; readonly events: CaseEvent[] } | null => {
  const { at } = event;
  switch (event.type) {
    case 'session-claimed':
      return {
        case: event.case,
        events: [
          { type: 'session-claimed', at, by: event.by, session: event.session },
          ...after.seen
            .filter((each) => each.sighting.session === event.session)
            .map((each): CaseEvent => ({ type: 'session-seen', at, sighting: each.sighting })),
        ],
      };
    case 'session-sighted': {
      const seen = after.seen.find((each) => each.sighting.id === event.sighting.id);
      const claimed = seen?.claimedFor;
      if (seen === undefined || claimed?.startsWith('case/') !== true) return null;
      return { case: claimed as CaseId, events: [{ type: 'session-seen', at, sighting: seen.sighting }] };
    }
    case 'rotation-proven': {
      const cause = before.rotation?.id === event.rotation ? before.rotation.case : null;
      if (cause === null) return null;
      return { case: cause, events: [{ type: 'rotated', at, rotation: event.rotation, pair: event.pair }] };
    }
    default:
      return null;
  }
};
