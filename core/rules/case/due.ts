import type { CaseEvent } from '../../contracts/events.ts';
import { later, lateness } from '../decision.ts';
import { dueOf, earliest, isOwed, nextDue } from '../obligations.ts';
import { finalPhases, type CaseState } from './state.ts';

interface Waiting {
  readonly until: string;
  readonly event: (at: string, late: number) => CaseEvent;
}

/** What a phase waits for, and what follows when it does not come. */
const waiting = (state: CaseState): Waiting | null => {
  const { terms } = state.request;
  const since = state.times[state.phase];
  if (since === undefined) return null;
  switch (state.phase) {
    case 'requested':
      return {
        until: later(since, terms.seconds.request),
        event: (at, late) => ({ type: 'expired', at, waitedFor: 'quorum', late }),
      };
    case 'authorised':
      return {
        until: later(since, terms.seconds.release),
        event: (at, late) => ({ type: 'expired', at, waitedFor: 'release', late }),
      };
    case 'released':
      return {
        until: later(since, terms.seconds.session),
        event: (at, late) => ({ type: 'expired', at, waitedFor: 'login', late }),
      };
    case 'in-session':
      return {
        until: later(since, terms.longestSessionMinutes * 60),
        event: (at, late) => ({
          type: 'ended',
          at,
          by: null,
          how: 'longest-session',
          late,
          reason: `the longest session of ${terms.longestSessionMinutes} minutes is over`,
        }),
      };
    default:
      return null;
  }
};

/**
 * What the clock alone brings about at `now`.
 *
 * @returns events in order; empty when nothing is due
 */
export const dueCase = (state: CaseState, now: string): CaseEvent[] => {
  if (finalPhases.includes(state.phase)) return [];
  const wait = waiting(state);
  if (wait !== null && wait.until <= now) return [wait.event(now, lateness(wait.until, now))];
  return dueOf(state.obligations, now).flatMap((each): CaseEvent[] => {
    const untried = each.type === 'escalated' && each.obligation.startsWith('refusals/');
    // Not an escalation: without the requester's own trial the honest word is "replaced".
    if (untried)
      return [
        {
          type: 'old-credential',
          at: now,
          by: null,
          proof: 'replaced',
          why: 'the requester’s machine never tried the old credential',
        },
      ];
    return [{ type: each.type, at: now, obligation: each.obligation, late: lateness(each.due, now) }];
  });
};

/** The instant until which the case waits in its phase; null when it waits for nothing but what is owed. */
export const waitsUntil = (state: CaseState): string | null => waiting(state)?.until ?? null;

/** What follows without anybody's doing: a settled case closes. */
export const followCase = (state: CaseState, now: string): CaseEvent[] =>
  state.phase === 'settling' &&
  state.sessionsEnded !== null &&
  state.works === null &&
  !state.obligations.some(isOwed)
    ? [{ type: 'closed', at: now }]
    : [];

/** The nearest instant at which `dueCase` has something to say; null when none. */
export const nextCaseDeadline = (state: CaseState): string | null =>
  finalPhases.includes(state.phase) ? null : earliest([waitsUntil(state), nextDue(state.obligations)]);
