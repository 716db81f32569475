import type { Refusal, RefusalCode } from '../contracts/failures.ts';

/** What the rules say to an input: the events that follow, or why it is refused. */
export type Decision<Event> =
  | { readonly ok: true; readonly events: readonly Event[] }
  | { readonly ok: false; readonly refusal: Refusal };

export const accept = <Event>(...events: NoInfer<Event>[]): Decision<Event> => ({ ok: true, events });

export const refuse = (code: RefusalCode, why: string): { ok: false; refusal: Refusal } => ({
  ok: false,
  refusal: { code, why },
});

/** An instant `seconds` after another. */
export const later = (instant: string, seconds: number): string =>
  new Date(Date.parse(instant) + seconds * 1000).toISOString();

/** Whole seconds from `due` to `now`; 0 when not late. */
export const lateness = (due: string, now: string): number =>
  Math.max(0, Math.floor((Date.parse(now) - Date.parse(due)) / 1000));
