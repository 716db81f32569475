import type { CaseEvent } from '../../contracts/events.ts';
import type { Deadline } from '../../contracts/consoleText.ts';
import { later, lateness } from '../decision.ts';
import { dueOf, earliest, isOwed, nextDue } from '../obligations.ts';
import { finalPhases, isDeclared, type CaseState, type DeclaredCase, type Phase } from './state.ts';

interface Waiting {
  readonly until: string;
  readonly event: (at: string, late: number) => CaseEvent;
}

/** What a phase waits for, and what follows when it does not come. */
const waiting = (state: CaseState): Waiting | null => {
  const { terms } = state.opening;
  const since = state.times[state.phase];
  if (since === undefined) return null;
  if (state.phase === 'in-session')
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
  return isDeclared(state) ? waitingToOpen(state, since) : null;
};

/** @param since - when the case entered its phase */
const waitingToOpen = ({ phase, opening }: DeclaredCase, since: string): Waiting | null => {
  const { seconds } = opening.terms;
  switch (phase) {
    case 'requested':
      return {
        until: later(since, seconds.request),
        event: (at, late) => ({ type: 'expired', at, waitedFor: 'quorum', late }),
      };
    case 'authorised':
      return {
        until: later(since, seconds.release),
        event: (at, late) => ({ type: 'expired', at, waitedFor: 'release', late }),
      };
    case 'released':
      return {
        until: later(since, seconds.session),
        event: (at, late) => ({ type: 'expired', at, waitedFor: 'login', late }),
      };
    default:
      return null;
  }
};

interface Silence {
  /** A claimed session; null for the release. */
  readonly session: string | null;
  readonly due: string;
}

/** Where a login should have been seen and was not: what has yet to ring. */
const silences = (state: CaseState): Silence[] => {
  if (!isDeclared(state)) return [];
  const { phase, times, sessions, sightings, unsighted } = state;
  const { sighting } = state.opening.terms.seconds;
  if (sighting === undefined) return [];
  const open: { session: string | null; since: string }[] =
    phase === 'released' && times.released !== undefined
      ? [{ session: null, since: times.released }]
      : phase === 'in-session'
        ? sessions.map(({ session, claimedAt }) => ({ session, since: claimedAt }))
        : [];
  return open
    .filter(({ session }) => !unsighted.includes(session))
    .filter(({ session }) => !sightings.some((each) => each.session === session))
    .map(({ session, since }) => ({ session, due: later(since, sighting) }));
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
  const silent = silences(state)
    .filter(({ due }) => due <= now)
    .map(({ session, due }): CaseEvent => ({
      ...{ type: 'unsighted', at: now, session, late: lateness(due, now) },
    }));
  const owed = dueOf(state.obligations, now).flatMap((each): CaseEvent[] => {
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
  return [...silent, ...owed];
};

/** Whether somebody owes something at `now` that was due before. */
export const isOverdue = ({ obligations }: CaseState, now: string): boolean =>
  obligations.some((each) => isOwed(each) && each.due <= now);

/** The instant until which the case waits in its phase; null when it waits for nothing but what is owed. */
export const waitsUntil = (state: CaseState): string | null => waiting(state)?.until ?? null;

/** All that was owed is done. */
const isSettled = (state: CaseState): boolean =>
  state.phase === 'settling' &&
  state.sessionsEnded !== null &&
  state.works === null &&
  !state.obligations.some(isOwed);

/** Every session turned out to be of a case, or of a rotation, that sees to it. */
const wasDeclared = ({ phase, answer }: CaseState): boolean =>
  phase === 'unanswered' && answer?.how === 'mine';

/** What follows without anybody's doing: a settled case closes, and one that was no undeclared use. */
export const followCase = (state: CaseState, now: string): CaseEvent[] =>
  isSettled(state) || wasDeclared(state) ? [{ type: 'closed', at: now }] : [];

/** The nearest instant at which `dueCase` has something to say, and what; null when none. */
export const nextOfCase = (state: CaseState): { readonly at: string; readonly what: Deadline } | null => {
  if (finalPhases.includes(state.phase)) return null;
  const { phase, obligations } = state;
  const until = waitsUntil(state);
  const owed = obligations.filter(isOwed);
  const coming: readonly { readonly at: string | null; readonly what: Deadline }[] = [
    ...(isWaiting(phase) ? [{ at: until, what: phase }] : []),
    ...silences(state).map(({ due }) => ({ at: due, what: 'silence' as const })),
    { at: nextDue(owed.filter((each) => each.reminded || each.escalated)), what: 'overdue' },
    { at: nextDue(owed.filter((each) => !each.reminded && !each.escalated)), what: 'reminder' },
  ];
  const at = earliest(coming.map((each) => each.at));
  const first = coming.find((each) => each.at === at);
  return at === null || first === undefined ? null : { at, what: first.what };
};

const isWaiting = (phase: Phase): phase is Phase & Deadline =>
  ['requested', 'authorised', 'released', 'in-session'].includes(phase);

/** The nearest instant at which `dueCase` has something to say; null when none. */
export const nextCaseDeadline = (state: CaseState): string | null => nextOfCase(state)?.at ?? null;
