import type { ObligationKind } from '../contracts/events.ts';
import type { PersonId } from '../contracts/ids.ts';
import { later, lateness } from './decision.ts';

/** A step somebody owes, with the evidence that ends it. */
export interface Obligation {
  readonly id: string;
  readonly kind: ObligationKind;
  readonly owner: PersonId;
  readonly since: string;
  readonly due: string;
  readonly remindAt: string;
  readonly reminded: boolean;
  readonly escalated: boolean;
  /** Escalates again each time so many seconds have passed; absent: once. */
  readonly every?: number;
  /** When it escalates again; null: not before its deadline, or never again. */
  readonly againAt?: string | null;
  /** What ended it, and when; null while it is owed. */
  readonly ended: { readonly at: string; readonly evidence: string } | null;
}

/** What a clock does to an obligation. */
export interface ObligationDue {
  readonly type: 'reminded' | 'escalated';
  readonly obligation: string;
  readonly due: string;
}

/**
 * One reminder when two thirds of the time have gone, one escalation at the deadline. Nothing is due at the
 * instant from which it is owed, however short the time: a clock that had ticked then would have to tick again.
 */
export const owe = (
  kind: ObligationKind,
  owner: PersonId,
  since: string,
  seconds: number,
  detail?: string,
): Obligation => ({
  id: [kind, detail, owner].filter((piece) => piece !== undefined).join('/'),
  kind,
  owner,
  since,
  due: later(since, seconds),
  remindAt: later(since, Math.ceil((seconds * 2) / 3)),
  reminded: false,
  escalated: false,
  ended: null,
});

/** The same for what must not wait: after the deadline it escalates again each time as long has passed. */
export const oweUntilDone = (
  kind: ObligationKind,
  owner: PersonId,
  since: string,
  seconds: number,
): Obligation => ({ ...owe(kind, owner, since, seconds), every: seconds });

/** The next multiple of the time it was owed in that is still to come after an escalation. */
const escalatesAgain = ({ due, every }: Obligation, at: string): string | null =>
  every === undefined ? null : later(due, every * (Math.floor(lateness(due, at) / every) + 1));

export const isOwed = (obligation: Obligation): boolean => obligation.ended === null;

/** Ends the named obligations; one that already ended keeps its first evidence. */
export const discharge = (
  obligations: readonly Obligation[],
  which: (obligation: Obligation) => boolean,
  at: string,
  evidence: string,
): Obligation[] =>
  obligations.map((each) => (isOwed(each) && which(each) ? { ...each, ended: { at, evidence } } : each));

export const mark = (
  obligations: readonly Obligation[],
  id: string,
  what: 'reminded' | 'escalated',
  at: string,
): Obligation[] =>
  obligations.map((each) => {
    if (each.id !== id) return each;
    if (what === 'reminded') return { ...each, reminded: true };
    return { ...each, reminded: true, escalated: true, againAt: escalatesAgain(each, at) };
  });

const isRinging = ({ escalated, due, againAt }: Obligation, now: string): boolean =>
  escalated ? againAt != null && againAt <= now : due <= now;

/** What is due at `now`: an escalation swallows a reminder that never came. */
export const dueOf = (obligations: readonly Obligation[], now: string): ObligationDue[] =>
  obligations.filter(isOwed).flatMap((each): ObligationDue[] => {
    if (isRinging(each, now)) return [{ type: 'escalated', obligation: each.id, due: each.due }];
    if (!each.reminded && each.remindAt <= now)
      return [{ type: 'reminded', obligation: each.id, due: each.remindAt }];
    return [];
  });

/** The next instant at which `dueOf` will have something to say, or null. */
export const nextDue = (obligations: readonly Obligation[]): string | null =>
  earliest(
    obligations
      .filter(isOwed)
      .map((each) => (each.escalated ? (each.againAt ?? null) : each.reminded ? each.due : each.remindAt)),
  );

/** The earliest of some instants; null when there is none. */
export const earliest = (instants: readonly (string | null)[]): string | null =>
  instants.reduce((least, each) => (each !== null && (least === null || each < least) ? each : least), null);
