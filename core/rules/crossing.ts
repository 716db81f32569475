import type { AccountEvent, CaseEvent } from '../contracts/events.ts';
import { isCaseId, parts, type CaseId, type PersonId, type RotationId } from '../contracts/ids.ts';
import { casesOf, type AccountState } from './account/state.ts';
import { finalPhases, type CaseState } from './case/state.ts';
import { isOwed, type Obligation } from './obligations.ts';

/**
 * What an account learns when its case moves: it is free again, perhaps with a rotation owed; its sealing is
 * attested; paperwork is overdue, or was caught up with; its old credential still works.
 */
export const accountLearns = (before: CaseState | null, after: CaseState, at: string): AccountEvent[] => [
  ...left(before, after, at),
  ...attested(before, after, at),
  ...paperwork(before, after, at),
  ...distrusted(before, after, at),
];

const left = (before: CaseState | null, after: CaseState, at: string): AccountEvent[] => {
  const wasHeld = before !== null && isHolding(before);
  if (!wasHeld || isHolding(after)) return [];
  return [{ type: 'case-left', at, case: after.case, rotate: after.phase === 'ended' }];
};

const isHolding = (state: CaseState): boolean =>
  !finalPhases.includes(state.phase) && state.phase !== 'ended' && state.phase !== 'settling';

const attested = (
  before: CaseState | null,
  { newPair, obligations }: CaseState,
  at: string,
): AccountEvent[] => {
  if (before === null || newPair === null) return [];
  const isNew = (id: string): boolean =>
    obligations.some((each) => each.id === id && each.ended?.evidence === 'attested') &&
    before.obligations.some((each) => each.id === id && isOwed(each));
  return parts.flatMap((part) =>
    newPair[part].custodians
      .filter((by) => isNew(`attestation/${part}/${by}`))
      .map((by): AccountEvent => ({ type: 'attested', at, by, part, generation: newPair[part].generation })),
  );
};

/** What is written or attested after a case. A share that was not released holds nothing up but its own case. */
const isPaperwork = ({ kind }: Obligation): boolean =>
  kind !== 'release' && kind !== 'refusals' && kind !== 'answer';

const overdueIn = (state: CaseState | null): string[] =>
  (state?.obligations ?? [])
    .filter((each) => isOwed(each) && each.escalated && isPaperwork(each))
    .map((each) => each.id);

const paperwork = (before: CaseState | null, after: CaseState, at: string): AccountEvent[] => {
  const [then, now] = [overdueIn(before), overdueIn(after)];
  return [
    ...now
      .filter((each) => !then.includes(each))
      .map((obligation): AccountEvent => ({ type: 'case-overdue', at, case: after.case, obligation })),
    ...then
      .filter((each) => !now.includes(each))
      .map((obligation): AccountEvent => ({ type: 'case-caught-up', at, case: after.case, obligation })),
  ];
};

const distrusted = (before: CaseState | null, after: CaseState, at: string): AccountEvent[] =>
  before?.works === null && after.works !== null
    ? [{ type: 'credential-distrusted', at, case: after.case }]
    : [];

/** Events of one case that follow from its account's. */
export interface Learnt {
  readonly case: CaseId;
  readonly events: readonly CaseEvent[];
}

/** Undeclared cases whose last session was owned up to by this event. */
const answers = (
  before: AccountState,
  { at }: AccountEvent,
  after: AccountState,
  by: PersonId | null,
  claimedFor: CaseId | RotationId | null,
): Learnt[] =>
  before.undeclared
    .filter(({ case: id, unclaimed }) => {
      const now = after.undeclared.find((each) => each.case === id);
      return unclaimed.length > 0 && now?.unclaimed.length === 0;
    })
    .map((each) => ({ case: each.case, events: [{ type: 'answered', at, by, how: 'mine', claimedFor }] }));

/**
 * What cases learn when their account moves: claimed, matched, gone or further sessions, an answer; a proven rotation,
 * which settles some and supersedes those that an earlier one settled.
 */
export const caseLearns = (before: AccountState, event: AccountEvent, after: AccountState): Learnt[] => {
  const { at } = event;
  switch (event.type) {
    case 'session-claimed':
      return [
        {
          case: event.case,
          events: [
            { type: 'session-claimed', at, by: event.by, session: event.session },
            ...after.seen
              .filter((each) => each.sighting.session === event.session)
              .map((each): CaseEvent => ({ type: 'session-seen', at, sighting: each.sighting })),
          ],
        },
        ...answers(before, event, after, event.by, event.case),
      ];
    case 'session-recorded':
      return answers(before, event, after, null, event.rotation);
    case 'session-sighted': {
      const seen = after.seen.find((each) => each.sighting.id === event.sighting.id);
      if (seen === undefined) return [];
      const uses = after.undeclared.filter((each) => each.sightings.includes(seen.sighting.id));
      const ids = [seen.claimedFor, ...uses.map((each) => each.case)].filter(isCaseId);
      return [
        ...[...new Set(ids)].map((id): Learnt => ({
          case: id,
          events: [{ type: 'session-seen', at, sighting: seen.sighting }],
        })),
        ...answers(before, event, after, null, seen.claimedFor),
      ];
    }
    case 'session-unclaimed': {
      // The one that opens the case is told by the case's own first event.
      const isJoining = before.undeclared.some((each) => each.case === event.case);
      const seen = after.seen.find((each) => each.sighting.id === event.sighting);
      if (event.case === undefined || !isJoining || seen === undefined) return [];
      return [{ case: event.case, events: [{ type: 'session-seen', at, sighting: seen.sighting }] }];
    }
    case 'session-gone': {
      const claimed = after.claims[event.session];
      const open = after.openCase?.case;
      if (open === undefined || claimed !== open) return [];
      const isAlive = Object.entries(after.claims).some(
        ([session, by]) => by === open && !after.gone.includes(session),
      );
      const reason = 'its last claimed session is gone from kratos';
      return isAlive ? [] : [{ case: open, events: [{ type: 'ended', at, by: null, how: 'gone', reason }] }];
    }
    case 'rotation-proven': {
      const { rotation, pair } = event;
      const superseded = before.settledBy.map((each): Learnt => ({
        case: each,
        events: [{ type: 'superseded', at, rotation }],
      }));
      const settled = before.rotation?.id === rotation ? casesOf(before.rotation) : [];
      const { found, owners } = event.findings ?? { found: [], owners: [] };
      return [
        ...superseded,
        ...settled.map((id): Learnt => ({
          case: id,
          events: [
            { type: 'rotated', at, rotation, pair },
            ...found.map((finding): CaseEvent => ({ type: 'found', at, finding, owners })),
          ],
        })),
      ];
    }
    default:
      return [];
  }
};
