/** How long the steps of a case took, as its own events tell. */
import { kindOf, type CaseState, type Kind } from './case/state.ts';

type Times = CaseState['times'];

/** From which instant to which each step is measured. */
const spans = {
  /** Asked → quorum. */
  authorised: ['requested', 'authorised'],
  /** Quorum → enough shares of both parts. */
  released: ['authorised', 'released'],
  /** Asked → logged in with both factors. */
  access: ['requested', 'aal2'],
  /** Ended → every session ended. */
  revoked: ['ended', 'sessions-ended'],
  /** Ended → the new credential proven. */
  rotated: ['ended', 'rotated'],
  /** Ended → nothing owed any more. */
  closed: ['ended', 'closed'],
} as const satisfies Record<string, readonly [keyof Times, keyof Times]>;
type Step = keyof typeof spans;
export const steps = Object.keys(spans) as Step[];

export interface Measure {
  readonly step: Step;
  readonly kind: Kind;
  readonly seconds: number;
}

/** The steps that an event completed. @param before - null when the event is the case's first */
export const measuresOf = (before: CaseState | null, after: CaseState): Measure[] =>
  steps.flatMap((step) => {
    const [from, to] = spans[step];
    const [begun, done] = [after.times[from], after.times[to]];
    if (before?.times[to] !== undefined || begun === undefined || done === undefined) return [];
    // A login may be dated by another machine's clock.
    const seconds = Math.max(0, (Date.parse(done) - Date.parse(begun)) / 1000);
    return [{ step, kind: kindOf(after), seconds }];
  });
