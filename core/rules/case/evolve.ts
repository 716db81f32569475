import type { CaseEvent, CaseEventOf, Pair } from '../../contracts/events.ts';
import { parts } from '../../contracts/ids.ts';
import { discharge, mark, owe, type Obligation } from '../obligations.ts';
import type { CaseState, Phase } from './state.ts';

const begin = (event: CaseEventOf<'requested'>): CaseState => ({
  case: event.case,
  phase: 'requested',
  request: event,
  approvals: [],
  releases: [],
  sessions: [],
  sightings: [],
  endedAt: null,
  newPair: null,
  rotation: null,
  sessionsEnded: null,
  oldCredential: null,
  works: null,
  obligations: [],
  times: { requested: event.at },
});

const enter = (state: CaseState, phase: Phase, at: string): CaseState => ({
  ...state,
  phase,
  times: { ...state.times, [phase]: state.times[phase] ?? at },
});

/** Once a share has left its custodian, leaving the case means ending it with a rotation. */
const leave = (state: CaseState, phase: 'denied' | 'withdrawn' | 'expired', at: string): CaseState =>
  state.releases.length === 0 ? dropObligations(enter(state, phase, at), at, phase) : finish(state, at);

const dropObligations = (state: CaseState, at: string, evidence: string): CaseState => ({
  ...state,
  obligations: discharge(state.obligations, () => true, at, evidence),
});

const finish = (state: CaseState, at: string): CaseState => {
  const { by, terms } = state.request;
  return {
    ...enter(state, 'ended', at),
    endedAt: at,
    obligations: [
      ...discharge(state.obligations, (each) => each.kind === 'release', at, 'the case ended'),
      owe('session-log', by, at, terms.seconds.sessionLog),
      owe('post-mortem', by, at, terms.seconds.postMortem),
    ],
  };
};

const owedAttestations = (pair: Pair, at: string, seconds: number): Obligation[] =>
  parts.flatMap((part) => pair[part].custodians.map((owner) => owe('attestation', owner, at, seconds, part)));

const owedReleases = (state: CaseState, at: string): Obligation[] =>
  parts.flatMap((part) =>
    state.request.pair[part].custodians.map((owner) =>
      owe('release', owner, at, state.request.terms.seconds.release, part),
    ),
  );

/** Seals that are no longer current cannot be attested; a credential that still worked must be tried again. */
const supersede = (state: CaseState, { at, rotation }: CaseEventOf<'superseded'>): CaseState => {
  const { by, terms } = state.request;
  const isAttestation = (each: Obligation): boolean => each.kind === 'attestation';
  const left = discharge(state.obligations, isAttestation, at, `superseded by ${rotation}`);
  if (state.works === null) return { ...state, obligations: left };
  return {
    ...state,
    works: null,
    obligations: [
      ...left.filter((each) => each.kind !== 'refusals'),
      owe('refusals', by, at, terms.seconds.refusals),
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
  if (event.type === 'requested') return begin(event);
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
    case 'ended':
      return finish(state, at);
    case 'sessions-ended':
      return { ...state, sessionsEnded: event.sessions, times: { ...state.times, 'sessions-ended': at } };
    case 'rotated': {
      const { terms, by } = state.request;
      const entered = enter(state, 'settling', at);
      return {
        ...entered,
        newPair: event.pair,
        rotation: event.rotation,
        times: { ...entered.times, rotated: at },
        obligations: [
          ...state.obligations,
          owe('refusals', by, at, terms.seconds.refusals),
          ...owedAttestations(event.pair, at, terms.seconds.attestation),
        ],
      };
    }
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
      return { ...state, obligations: mark(state.obligations, event.obligation, event.type) };
    case 'closed':
      return enter(state, 'closed', at);
  }
};
