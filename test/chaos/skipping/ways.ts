/** The ways a case may go, each as what people leave undone, and what must be found in the rows afterwards. */
import type { CaseEvent } from '../../../core/contracts/events.ts';
import { later } from '../../../core/rules/decision.ts';
import type { CaseState, DeclaredCase, Phase } from '../../../core/rules/case/state.ts';
import type { Deed } from '../deeds.ts';

/** The case that goes a way, and what stands beside it. */
export interface Moment {
  readonly it: DeclaredCase;
  /** Uses of the account that nobody declared. */
  readonly undeclared: readonly CaseState[];
  readonly now: string;
}

export interface Way {
  /** What nobody does, though they could. */
  readonly holds?: (deed: Deed, moment: Moment) => boolean;
  /** How it is said. */
  readonly alters?: (deed: Deed, now: string) => Deed;
  /** What somebody does besides. */
  readonly adds?: (moment: Moment) => Deed[];
  /** Nobody logs in. */
  readonly staysShut?: true;
  /** A stranger logs in, once, as soon as this holds. */
  readonly strangerComes?: (moment: Moment) => boolean;
  /** Kratos is away from the moment this holds, for so many seconds. */
  readonly kratosGoes?: { readonly when: (moment: Moment) => boolean; readonly seconds: number };
  /** The longest, in seconds, that nobody looks; as long as nothing is due when left out. */
  readonly naps?: number;
  /** Whether the case's events, and those of the undeclared uses beside it, are of this way. */
  readonly shows: (events: readonly CaseEvent[], beside: readonly CaseEvent[]) => boolean;
}

const minutes = 60;

const is = ({ members }: Deed, type: string): boolean => members['type'] === type;
const has = (events: readonly CaseEvent[], ...types: readonly CaseEvent['type'][]): boolean =>
  types.every((type) => events.some((each) => each.type === type));
const waitedFor = (events: readonly CaseEvent[], what: string): boolean =>
  events.some((each) => each.type === 'expired' && each.waitedFor === what);
const isIn = ({ it }: Moment, ...phases: readonly Phase[]): boolean => phases.includes(it.phase);
const said = ({ it }: Moment, by: string, type: string, more: Deed['members'] = {}): Deed => ({
  to: it.case,
  by,
  members: { case: it.case, request: it.opening.request, reason: 'as it happens', type, ...more },
});
const writeUps = ['session-log', 'post-mortem'];

export const ways = {
  'to its close': { shows: (events) => has(events, 'ended', 'rotated', 'closed') },
  'denied before anything left a custodian': {
    adds: (moment) =>
      isIn(moment, 'requested') && moment.it.approvals.length > 0
        ? [said(moment, 'dan', 'denial', { role: 'senior' })]
        : [],
    holds: (deed, { it }) => is(deed, 'approval') && it.approvals.length > 0,
    shows: (events) => has(events, 'denied') && !has(events, 'share-released'),
  },
  'denied after a share was released': {
    adds: (moment) =>
      isIn(moment, 'authorised') && moment.it.releases.length > 0
        ? [said(moment, 'carol', 'denial', { role: 'senior' })]
        : [],
    holds: (deed, { it }) => is(deed, 'release') && it.releases.length > 0,
    shows: (events) => has(events, 'denied', 'share-released', 'rotated', 'closed'),
  },
  withdrawn: {
    adds: (moment) => (isIn(moment, 'authorised') ? [said(moment, moment.it.opening.by, 'withdrawal')] : []),
    holds: (deed) => is(deed, 'release'),
    shows: (events) => has(events, 'withdrawn'),
  },
  'too few approve': {
    holds: (deed, { it }) => is(deed, 'approval') && it.approvals.length > 0,
    shows: (events) => waitedFor(events, 'quorum') && has(events, 'approved'),
  },
  'approvals lapse one after the other': {
    holds: (deed, { it, now }) => is(deed, 'approval') && it.approvals.some((each) => each.expiresAt > now),
    alters: (deed, now) =>
      is(deed, 'approval')
        ? { ...deed, members: { ...deed.members, expiresAt: later(now, 5 * minutes) } }
        : deed,
    naps: 2 * minutes,
    shows: (events) =>
      waitedFor(events, 'quorum') && events.filter(({ type }) => type === 'approved').length > 1,
  },
  'nobody releases': {
    holds: (deed) => is(deed, 'release'),
    shows: (events) => waitedFor(events, 'release') && !has(events, 'rotated'),
  },
  'one share is released and no other': {
    holds: (deed, { it }) => is(deed, 'release') && it.releases.length > 0,
    shows: (events) => waitedFor(events, 'release') && has(events, 'rotated', 'closed'),
  },
  'nobody logs in': {
    staysShut: true,
    shows: (events) => has(events, 'unsighted', 'rotated', 'closed') && waitedFor(events, 'login'),
  },
  'nobody ends it': {
    holds: (deed) => is(deed, 'end'),
    shows: (events) => events.some((each) => each.type === 'ended' && each.how === 'longest-session'),
  },
  'what is owed is overdue': {
    holds: (deed, { it }) =>
      is(deed, 'write-up') &&
      it.obligations.some((each) => writeUps.includes(each.kind) && !each.escalated && each.ended === null),
    shows: (events) => events.filter(({ type }) => type === 'escalated').length > 1 && has(events, 'closed'),
  },
  'the old credential is never tried': {
    holds: (deed) => is(deed, 'refusals'),
    shows: (events) =>
      events.some((each) => each.type === 'old-credential' && each.proof === 'replaced') &&
      has(events, 'closed'),
  },
  'a stranger is inside too': {
    strangerComes: (moment) => isIn(moment, 'in-session'),
    holds: (deed, { undeclared }) =>
      is(deed, 'stop') && !undeclared.some(({ obligations }) => obligations.some((each) => each.escalated)),
    shows: (events, beside) => has(beside, 'detected', 'escalated', 'closed') && has(events, 'closed'),
  },
  'kratos is away at the end': {
    kratosGoes: { when: (moment) => isIn(moment, 'in-session'), seconds: 40 * minutes },
    shows: (events) => {
      const [ended, rotated] = (['ended', 'rotated'] as const).map(
        (type) => events.find((each) => each.type === type)?.at ?? '',
      );
      return rotated !== undefined && rotated > later(ended ?? '', 10 * minutes) && has(events, 'closed');
    },
  },
  'it is ended by an approver': {
    adds: (moment) => (isIn(moment, 'in-session') ? [said(moment, 'dan', 'end')] : []),
    holds: (deed, { it }) => is(deed, 'end') && deed.by === it.opening.by,
    // Another approver too, whose name was put under it by mistake and who signed.
    shows: (events) => events.some((each) => each.type === 'ended' && each.how === 'approver'),
  },
} as const satisfies Record<string, Way>;
export type WayName = keyof typeof ways;
const wayNames = Object.keys(ways) as WayName[];

/** Each way comes once before any comes again, whatever seed is the first. @param nth - of the seed's cases, from 0 */
export const wayOf = (
  { seed, cases }: { readonly seed: number; readonly cases: number },
  nth: number,
): WayName => wayNames[((seed - 1) * cases + nth) % wayNames.length] ?? 'to its close';
