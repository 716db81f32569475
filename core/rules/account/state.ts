import type { Pair, Sighting } from '../../contracts/events.ts';
import type { AccountId, CaseId, Digest, PersonId, RotationId } from '../../contracts/ids.ts';

/** A login that has been seen, and by whom it was claimed. */
export interface SeenSession {
  readonly sighting: Sighting;
  /** The case whose requester claimed it, or the rotation that made it. */
  readonly claimedFor: CaseId | RotationId | null;
  /** When it rings again, as undeclared, unless claimed. */
  readonly claimBy: string;
  readonly rungUnclaimed: boolean;
}

/** An account as its events leave it. */
export interface AccountState {
  readonly account: AccountId;
  /** The Kratos identity, once provisioned. */
  readonly identity: string | null;
  /** The pair that opens the account; null before provisioning. */
  readonly pair: Pair | null;
  readonly provisionSignatures: readonly { readonly by: PersonId; readonly expiresAt: string }[];
  /** The requested case between requested and ended. */
  readonly openCase: { readonly case: CaseId; readonly by: PersonId; readonly request: Digest } | null;
  readonly rotation: {
    readonly id: RotationId;
    readonly cause: 'provision' | 'case' | 'asked';
    readonly case: CaseId | null;
    readonly startedAt: string;
  } | null;
  /** Cases whose credential must still be rotated. */
  readonly rotationsOwed: readonly CaseId[];
  /** Why the last rotation is not proven; null when it is. */
  readonly rotationFailure: string | null;
  /** Sessions claimed by signature or recorded by a rotation, newest last. */
  readonly claims: Readonly<Record<string, CaseId | RotationId>>;
  /** Logins still of interest: unclaimed, or of the open case. */
  readonly seen: readonly SeenSession[];
  readonly casesOn: { readonly date: string; readonly count: number };
  readonly rotationsOn: { readonly date: string; readonly count: number };
  /** Custodians who attested the current pair, as `part/person`. */
  readonly attested: readonly string[];
  /** Workflows that were found gone, have rung, and do not run again yet. */
  readonly lost: readonly string[];
  readonly lastRotation: { readonly id: RotationId; readonly at: string } | null;
}

export const emptyAccount = (account: AccountId): AccountState => ({
  account,
  identity: null,
  pair: null,
  provisionSignatures: [],
  openCase: null,
  rotation: null,
  rotationsOwed: [],
  rotationFailure: null,
  claims: {},
  seen: [],
  casesOn: { date: '', count: 0 },
  rotationsOn: { date: '', count: 0 },
  attested: [],
  lost: [],
  lastRotation: null,
});

/** A login nobody has claimed, which has yet to ring for that. */
export const isUnclaimed = (each: SeenSession): boolean => each.claimedFor === null && !each.rungUnclaimed;

/** The day and number of the next id. No id comes twice: when the clock steps back, the later day goes on. */
export const nextOn = (on: AccountState['casesOn'], now: string): AccountState['casesOn'] => {
  const today = now.slice(0, 10);
  return today > on.date ? { date: today, count: 1 } : { date: on.date, count: on.count + 1 };
};

/** Why the next case is refused, or null: a rotation that is owed, running or unproven. */
export const blockedBy = (state: AccountState): string | null => {
  if (state.rotation !== null) return `${state.rotation.id} is not proven yet`;
  if (state.rotationFailure !== null) return state.rotationFailure;
  if (state.rotationsOwed.length > 0)
    return `the rotation after ${state.rotationsOwed.join(', ')} has not begun`;
  return null;
};
