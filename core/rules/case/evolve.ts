import type { CaseEvent, CaseEventOf, Pair } from '../../contracts/events.ts';
import { parts } from '../../contracts/ids.ts';
import type { PersonId } from '../../contracts/ids.ts';
import { discharge, mark, owe, oweUntilDone, type Obligation } from '../obligations.ts';
import { isDeclared, type CaseState, type Phase } from './state.ts';

const begin = (event: CaseEventOf<'requested' | 'detected'>): CaseState => ({
  case: event.case,
  opening: event,
  answer: null,
  approvals: [],
  releases: [],
  sessions: [],
  unsighted: [],
  endedAt: null,
  newPair: null,
  rotation: null,
  sessionsEnded: null,
  oldCredential: null,
  works: null,
  ...(event.type === 'requested'
    ? {
        ...{ phase: 'requested', responsible: event.by, sightings: [], obligations: [] },
        times: { requested: event.at },
      }
    : {
        ...{ phase: 'unanswered', responsible: null, sightings: [event.sighting] },
        obligations: event.terms.answerers.map((owner) =>
          oweUntilDone('answer', owner, event.at, event.terms.seconds.answer),
        ),
        times: { unanswered: event.at },
      }),
});

const enter = (state: CaseState, phase: Phase, at: string): CaseState => ({
  ...state,
  phase,
  times: { ...state.times, [phase]: state.times[phase] ?? at },
});

/** Once a share has left its custodian, leaving the case means ending it with a rotation. */
const leave = (state: CaseState, phase: 'denied' | 'withdrawn' | 'expired', at: string): CaseState =>
  state.releases.length === 0 ? dropObligations(enter(state, phase, at), at, phase) : finish(state, at, null);

const dropObligations = (state: CaseState, at: string, evidence: string): CaseState => ({
  ...state,
  obligations: discharge(state.obligations, () => true, at, evidence),
});

/** Who used the account writes the use up; who stopped one that nobody owned up to can tell of the stop only. */
const owedWriteUps = ({ opening, responsible }: CaseState, by: PersonId | null, at: string): Obligation[] => {
  const { sessionLog, postMortem } = opening.terms.seconds;
  if (responsible !== null)
    return [owe('session-log', responsible, at, sessionLog), owe('post-mortem', responsible, at, postMortem)];
  return by === null ? [] : [owe('post-mortem', by, at, postMortem)];
};

/** @param by - who ended it; null when a machine did */
const finish = (state: CaseState, at: string, by: PersonId | null): CaseState => ({
  ...enter(state, 'ended', at),
  endedAt: at,
  responsible: state.responsible ?? by,
  obligations: [
    ...discharge(state.obligations, (each) => each.kind === 'release', at, 'the case ended'),
    ...owedWriteUps(state, by, at),
  ],
});

/** Somebody owned up to it: they use the account from here on. A use that was declared after all needs no more. */
const ownUp = (state: CaseState, at: string): CaseState =>
  state.sessions.length > 0 ? enter(state, 'in-session', at) : state;

const owedAttestations = (pair: Pair, at: string, seconds: number): Obligation[] =>
  parts.flatMap((part) => pair[part].custodians.map((owner) => owe('attestation', owner, at, seconds, part)));

const owedReleases = (state: CaseState, at: string): Obligation[] => {
  if (!isDeclared(state)) return [];
  const { pair, terms } = state.opening;
  return parts.flatMap((part) =>
    pair[part].custodians.map((owner) => owe('release', owner, at, terms.seconds.release, part)),
  );
};

/** Seals that are no longer current cannot be attested; a credential that still worked must be tried again. */
const supersede = (state: CaseState, { at, rotation }: CaseEventOf<'superseded'>): CaseState => {
  const isAttestation = (each: Obligation): boolean => each.kind === 'attestation';
  const left = discharge(state.obligations, isAttestation, at, `superseded by ${rotation}`);
  const { responsible } = state;
  if (state.works === null || !isDeclared(state) || responsible === null)
    return { ...state, obligations: left };
  return {
    ...state,
    works: null,
    obligations: [
      ...left.filter((each) => each.kind !== 'refusals'),
      owe('refusals', responsible, at, state.opening.terms.seconds.refusals),
    ],
  };
};

/**
 * Folds one event into a case. Total: an event that the rules would not have
 * produced leaves a state that can still be read.
 *
 * @param state - null before the first event
 * @returns the state after the event
 */
export const evolveCase = (state: CaseState | null, event: CaseEvent): CaseState => {
  if (event.type === 'requested' || event.type === 'detected') return begin(event);
  if (state === null) throw new Error(`a case cannot begin with ${event.type}: its first row is missing`);
  const { at } = event;
  switch (event.type) {
    case 'approved':
      return {
        ...state,
        approvals: [
          ...state.approvals.filter((each) => each.by !== event.by),
          { by: event.by, at, expiresAt: event.expiresAt },
        ],
      };
    case 'authorised':
      return {
        ...enter(state, 'authorised', at),
        obligations: [...state.obligations, ...owedReleases(state, at)],
      };
    case 'denied':
    case 'withdrawn':
      return leave(state, event.type, at);
    case 'expired':
      return leave(state, 'expired', at);
    case 'share-released':
      return {
        ...state,
        releases: [...state.releases, { part: event.part, by: event.by, at }],
        obligations: discharge(
          state.obligations,
          (each) => each.id === `release/${event.part}/${event.by}`,
          at,
          'share released',
        ),
      };
    case 'released':
      return {
        ...enter(state, 'released', at),
        obligations: discharge(
          state.obligations,
          (each) => each.kind === 'release',
          at,
          'enough others released',
        ),
      };
    case 'session-claimed':
      return {
        ...(state.phase === 'released' ? enter(state, 'in-session', at) : state),
        responsible: state.responsible ?? event.by,
        sessions: [...state.sessions, { session: event.session, claimedAt: at }],
      };
    case 'session-seen': {
      // One login is reported several times: by each factor, and again when its session is confirmed.
      const others = state.sightings.filter((each) => each.id !== event.sighting.id);
      const seen = { ...state, sightings: [...others, event.sighting] };
      return event.sighting.aal === 'aal2' && state.times.aal2 === undefined
        ? { ...seen, times: { ...seen.times, aal2: event.sighting.at } }
        : seen;
    }
    case 'answered': {
      const { how, by } = event;
      const obligations = discharge(state.obligations, (each) => each.kind === 'answer', at, how);
      const answered = { ...state, answer: { how, by }, obligations };
      return how === 'mine' ? ownUp(answered, at) : answered;
    }
    case 'unsighted':
      return { ...state, unsighted: [...state.unsighted, event.session] };
    case 'ended':
      return finish(state, at, event.by);
    case 'sessions-ended':
      return { ...state, sessionsEnded: event.sessions, times: { ...state.times, 'sessions-ended': at } };
    case 'rotated': {
      const { responsible } = state;
      const { attestation } = state.opening.terms.seconds;
      const entered = enter(state, 'settling', at);
      return {
        ...entered,
        newPair: event.pair,
        rotation: event.rotation,
        // Nobody's machine holds the old credential of a use that nobody declared: it was replaced, never tried.
        oldCredential: isDeclared(state) ? state.oldCredential : 'replaced',
        times: { ...entered.times, rotated: at },
        obligations: [
          ...state.obligations,
          ...(isDeclared(state) && responsible !== null
            ? [owe('refusals', responsible, at, state.opening.terms.seconds.refusals)]
            : []),
          ...owedAttestations(event.pair, at, attestation),
        ],
      };
    }
    case 'found': {
      const { seconds } = state.opening.terms;
      const owners = event.owners.filter((owner) => owner !== state.responsible);
      return {
        ...state,
        obligations: [
          ...state.obligations,
          ...owners.map((owner) => owe('finding', owner, at, seconds.postMortem, event.finding.id)),
        ],
      };
    }
    case 'finding-settled':
      return {
        ...state,
        obligations: discharge(
          state.obligations,
          (each) => each.id.startsWith(`finding/${event.finding}/`),
          at,
          `${event.how} by ${event.by}`,
        ),
      };
    case 'old-credential':
      return {
        ...state,
        oldCredential: event.proof,
        obligations: discharge(state.obligations, (each) => each.kind === 'refusals', at, event.proof),
      };
    case 'old-credential-works':
      return {
        ...state,
        works: at,
        obligations: discharge(state.obligations, (each) => each.kind === 'refusals', at, 'it still works'),
      };
    case 'superseded':
      return supersede(state, event);
    case 'attested':
      return {
        ...state,
        obligations: discharge(
          state.obligations,
          (each) => each.id === `attestation/${event.part}/${event.by}`,
          at,
          'attested',
        ),
      };
    case 'written-up':
      return {
        ...state,
        obligations: discharge(state.obligations, (each) => each.kind === event.document, at, event.text),
      };
    case 'reminded':
    case 'escalated':
      return { ...state, obligations: mark(state.obligations, event.obligation, event.type, at) };
    case 'closed':
      return enter(state, 'closed', at);
  }
};
