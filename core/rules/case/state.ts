import type { CaseEventOf, Pair, Sighting } from '../../contracts/events.ts';
import type { CaseId, Digest, Part, PersonId } from '../../contracts/ids.ts';
import type { Metadata } from '../../contracts/ledger.ts';
import type { Obligation } from '../obligations.ts';

/** What a case goes through; an undeclared one begins `unanswered`. */
export const phases = [
  ...(['requested', 'unanswered', 'authorised', 'released', 'in-session', 'ended', 'settling'] as const),
  ...(['closed', 'denied', 'withdrawn', 'expired'] as const),
] as const;
export type Phase = (typeof phases)[number];

/** Phases after which nothing more happens. */
export const finalPhases: readonly Phase[] = ['closed', 'denied', 'withdrawn', 'expired'];

/** What a case begins with. */
type Opening = CaseEventOf<'requested' | 'detected'>;

/** A case as its events leave it; plain JSON, so that it survives continue-as-new. */
export interface CaseState {
  readonly case: CaseId;
  readonly phase: Phase;
  /** The request as admitted, or the login as detected, with the terms of the config it is pinned to. */
  readonly opening: Opening;
  /** Who asked, or who owned up to an undeclared use, or stopped it; null while nobody has. */
  readonly responsible: PersonId | null;
  /** What was answered to an undeclared use; null before, and in a case that was asked for. */
  readonly answer: { readonly how: 'mine' | 'stop'; readonly by: PersonId | null } | null;
  readonly approvals: readonly { readonly by: PersonId; readonly at: string; readonly expiresAt: string }[];
  readonly releases: readonly { readonly part: Part; readonly by: PersonId; readonly at: string }[];
  readonly sessions: readonly { readonly session: string; readonly claimedAt: string }[];
  readonly sightings: readonly Sighting[];
  /** What has rung because no login was seen: a claimed session, or null for the release. */
  readonly unsighted: readonly (string | null)[];
  readonly endedAt: string | null;
  /** The pair that opens the account since the rotation; null before it. */
  readonly newPair: Pair | null;
  readonly rotation: string | null;
  readonly sessionsEnded: readonly string[] | null;
  readonly oldCredential: 'refused' | 'replaced' | null;
  /** Since when the old credential is known to work after the rotation; null unless it is. */
  readonly works: string | null;
  readonly obligations: readonly Obligation[];
  /** When each phase was entered. */
  readonly times: Readonly<Partial<Record<Phase | 'aal2' | 'sessions-ended' | 'rotated', string>>>;
}

/** A case that somebody asked for. */
export type DeclaredCase = CaseState & { readonly opening: CaseEventOf<'requested'> };

/** Whether somebody asked for the case; a login that nobody claimed opened the others. */
export const isDeclared = (state: CaseState): state is DeclaredCase => state.opening.type === 'requested';

export const kinds = ['emergency', 'drill', 'undeclared'] as const;
export type Kind = (typeof kinds)[number];

export const kindOf = ({ opening }: CaseState): Kind =>
  opening.type === 'requested' ? opening.kind : 'undeclared';

/**
 * Since when the account may have been used for it: nobody asks before an undeclared use, which opens its case a while
 * after its login.
 */
export const usedSince = ({ opening, sightings }: CaseState): string =>
  [opening.at, ...sightings.map(({ at }) => at)].reduce((first, at) =>
    Date.parse(at) < Date.parse(first) ? at : first,
  );

/** The request that statements about the case are bound to; null when nobody asked for it. */
export const requestDigestOf = ({ opening }: CaseState): Digest | null =>
  opening.type === 'requested' ? opening.request : null;

/** What the AWS runbook wants in a row about a case; nothing of one that nobody asked for. */
export const runbookFields = (state: CaseState): Metadata =>
  isDeclared(state)
    ? {
        reason: state.opening.reason,
        incident_channel: state.opening.incidentChannel,
        expected_session_duration_minutes: state.opening.expectedMinutes,
      }
    : {};
