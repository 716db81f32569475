import type { AccountEvent, Pair } from '../../contracts/events.ts';
import type { CaseId, RotationId } from '../../contracts/ids.ts';
import { onlyPair } from './candidates.ts';
import { casesOf, isUnclaimed, nextOn, type AccountState, type SeenSession } from './state.ts';

/** How many claims are kept: more than any case and its rotation make. */
const keptClaims = 50;

const recent = <T>(entries: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(entries).slice(-keptClaims));

const claimedFor = (state: AccountState, session: string | null): SeenSession['claimedFor'] =>
  session === null ? null : (state.claims[session] ?? null);

const withClaims = (state: AccountState, claims: AccountState['claims']): AccountState => {
  const next = { ...state, claims: recent({ ...state.claims, ...claims }) };
  const seen = state.seen.map((each) => ({
    ...each,
    claimedFor: each.claimedFor ?? claimedFor(next, each.sighting.session),
  }));
  return withAnswers({ ...next, seen });
};

/** A login that somebody has owned up to no longer waits for an answer. */
const withAnswers = (state: AccountState): AccountState => {
  if (state.undeclared.length === 0) return state;
  const claimed = state.seen.filter((each) => each.claimedFor !== null).map((each) => each.sighting.id);
  const undeclared = state.undeclared.map((each) => ({
    ...each,
    unclaimed: each.unclaimed.filter((id) => !claimed.includes(id)),
  }));
  return { ...state, undeclared };
};

const ring = (
  state: AccountState,
  { at, sighting, case: id }: Extract<AccountEvent, { type: 'session-unclaimed' }>,
): AccountState => {
  const seen = state.seen.map((each) =>
    each.sighting.id === sighting ? { ...each, rungUnclaimed: true } : each,
  );
  const rung = { ...state, seen };
  if (id === undefined) return rung;
  const standing = state.undeclared.find((each) => each.case === id);
  const others = state.undeclared.filter((each) => each.case !== id);
  return {
    ...rung,
    undeclared: [
      ...others,
      {
        case: id,
        sightings: [...(standing?.sightings ?? []), sighting],
        unclaimed: [...(standing?.unclaimed ?? []), sighting],
      },
    ],
    casesOn: standing === undefined ? nextOn(state.casesOn, at) : state.casesOn,
  };
};

const see = (
  state: AccountState,
  event: Extract<AccountEvent, { type: 'session-sighted' }>,
): AccountState => {
  const { sighting } = event;
  const before = state.seen.find((each) => each.sighting.id === sighting.id);
  const after: SeenSession = {
    sighting: { ...sighting, session: sighting.session ?? before?.sighting.session ?? null },
    claimedFor: before?.claimedFor ?? claimedFor(state, sighting.session),
    claimBy: before?.claimBy ?? event.claimBy,
    rungUnclaimed: before?.rungUnclaimed ?? false,
  };
  const seen = [...state.seen.filter((each) => each.sighting.id !== sighting.id), after];
  // A flood of logins must not push out one that has yet to ring.
  const kept = seen.filter((each, n) => n >= seen.length - keptClaims || isUnclaimed(each));
  return withAnswers({ ...state, seen: kept });
};

const owedBy = (event: { readonly case: string; readonly obligation: string }): string =>
  `${event.case}: ${event.obligation}`;

/** A rotation settles the cases it was made for, and no other any more. */
const settledBy = ({ rotation }: AccountState, proven: RotationId): CaseId[] =>
  rotation?.id === proven ? casesOf(rotation) : [];

/** Of a rotation recorded before candidates were, nothing is known to compare with. */
const proven = ({ candidates }: AccountState, pair: Pair): AccountState['candidates'] =>
  candidates === null ? null : { ...candidates, named: onlyPair(pair) };

/**
 * Folds one event into an account.
 *
 * @returns the state after the event
 */
export const evolveAccount = (state: AccountState, event: AccountEvent): AccountState => {
  switch (event.type) {
    case 'provision-signed':
      return {
        ...state,
        provisionSignatures: [
          ...state.provisionSignatures.filter((each) => each.by !== event.by),
          { by: event.by, expiresAt: event.expiresAt },
        ],
      };
    case 'rotation-started':
      return {
        ...state,
        provisionSignatures: [],
        rotation: {
          ...{ id: event.rotation, cause: event.cause, case: event.case, also: event.also ?? [] },
          startedAt: event.at,
          lead: null,
        },
        rotationsOn: nextOn(state.rotationsOn, event.at),
        rotationsOwed: state.rotationsOwed.filter(
          (each) => each !== event.case && event.also?.includes(each) !== true,
        ),
        rotationFailure: null,
      };
    case 'rotation-proven':
      return {
        ...state,
        identity: event.identity,
        pair: event.pair,
        rotation: state.rotation?.id === event.rotation ? null : state.rotation,
        candidates: proven(state, event.pair),
        rotationFailure: null,
        attested: [],
        settledBy: settledBy(state, event.rotation),
        distrusted: null,
        lastRotation: { id: event.rotation, at: event.at },
      };
    case 'rotation-failed':
      // A late word about one that is over leaves the running one alone.
      if (state.rotation?.id !== event.rotation) return state;
      return {
        ...state,
        rotation: null,
        rotationFailure: `${event.rotation} failed: ${event.why}`,
        rotationsOwed: [...casesOf(state.rotation), ...state.rotationsOwed],
      };
    case 'candidates-named':
      // Only the running rotation names them: its writer refuses every other.
      return {
        ...state,
        rotation:
          state.rotation === null
            ? null
            : { ...state.rotation, lead: { run: event.run, attempt: event.attempt } },
        candidates: { named: event.candidates, marks: event.marks },
      };
    case 'session-recorded':
      return withClaims(state, { [event.session]: event.rotation });
    case 'case-opened':
      return {
        ...state,
        openCase: { case: event.case, by: event.by, request: event.request },
        casesOn: nextOn(state.casesOn, event.at),
        // Good for one request.
        overrideSignatures: [],
        overriddenUntil: null,
      };
    case 'case-overdue':
      return { ...state, overdue: [...new Set([...state.overdue, owedBy(event)])] };
    case 'case-caught-up':
      return { ...state, overdue: state.overdue.filter((each) => each !== owedBy(event)) };
    case 'credential-distrusted':
      // Tried again, it may still work: a case that says so twice waits for the next rotation as it did for the first.
      return {
        ...state,
        distrusted: event.case,
        settledBy: [...state.settledBy.filter((each) => each !== event.case), event.case],
      };
    case 'override-signed':
      return {
        ...state,
        overrideSignatures: [
          ...state.overrideSignatures.filter((each) => each.by !== event.by),
          { by: event.by, reason: event.reason, expiresAt: event.expiresAt },
        ],
      };
    case 'overridden':
      return { ...state, overrideSignatures: [], overriddenUntil: event.until };
    case 'case-left':
      return {
        ...state,
        openCase: state.openCase?.case === event.case ? null : state.openCase,
        undeclared: state.undeclared.filter((each) => each.case !== event.case),
        rotationsOwed: event.rotate ? [...state.rotationsOwed, event.case] : state.rotationsOwed,
      };
    case 'session-claimed':
      return withClaims(state, { [event.session]: event.case });
    case 'session-sighted':
      return see(state, event);
    case 'session-unclaimed':
      return ring(state, event);
    case 'workflow-gone':
      // A rotation is begun again by the account itself, which counts every one that it lost.
      return event.workflow.startsWith('rotation/')
        ? state
        : { ...state, lost: [...new Set([...state.lost, event.workflow])] };
    case 'workflow-rebuilt':
      return { ...state, lost: state.lost.filter((each) => each !== event.workflow) };
    case 'session-gone':
      return { ...state, gone: [...state.gone, event.session].slice(-keptClaims) };
    case 'attested':
      // An attestation of a case may come late: it counts for the pair that it is of.
      return state.pair?.[event.part].generation === event.generation
        ? { ...state, attested: [...new Set([...state.attested, `${event.part}/${event.by}`])] }
        : state;
  }
};
