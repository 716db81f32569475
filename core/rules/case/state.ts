import type { CaseEventOf, Pair, Sighting } from '../../contracts/events.ts';
import type { CaseId, Part, PersonId } from '../../contracts/ids.ts';
import type { Obligation } from '../obligations.ts';

export type Phase =
  | 'requested'
  | 'authorised'
  | 'released'
  | 'in-session'
  | 'ended'
  | 'settling'
  | 'closed'
  | 'denied'
  | 'withdrawn'
  | 'expired';

/** Phases after which nothing more happens. */
export const finalPhases: readonly Phase[] = ['closed', 'denied', 'withdrawn', 'expired'];

/** A case as its events leave it; plain JSON, so that it survives continue-as-new. */
export interface CaseState {
  readonly case: CaseId;
  readonly phase: Phase;
  /** The request as admitted, with the terms of the config it is pinned to. */
  readonly request: CaseEventOf<'requested'>;
  readonly approvals: readonly { readonly by: PersonId; readonly at: string; readonly expiresAt: string }[];
  readonly releases: readonly { readonly part: Part; readonly by: PersonId; readonly at: string }[];
  readonly sessions: readonly { readonly session: string; readonly claimedAt: string }[];
  readonly sightings: readonly Sighting[];
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
