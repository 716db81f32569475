import type { Candidates, Marks, Pair, Sighting } from '../../contracts/events.ts';
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

/** A case that a login nobody claimed has opened, until it is ended. */
export interface UndeclaredUse {
  readonly case: CaseId;
  /** Its logins, by sighting. */
  readonly sightings: readonly string[];
  /** Those that nobody has owned up to yet; with none left the case is answered. */
  readonly unclaimed: readonly string[];
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
    readonly cause: 'provision' | 'case' | 'asked' | 'distrust';
    readonly case: CaseId | null;
    /** Further cases that it settles. */
    readonly also: readonly CaseId[];
    readonly startedAt: string;
    /** The attempt whose steps count; an earlier one that still runs is refused. */
    readonly lead: { readonly run: string; readonly attempt: number } | null;
  } | null;
  /** What may open the account, as a rotation last named it; null before one has. */
  readonly candidates: { readonly named: Candidates; readonly marks: Marks } | null;
  /** Cases whose credential must still be rotated. */
  readonly rotationsOwed: readonly CaseId[];
  /** Why the last rotation is not proven; null when it is. */
  readonly rotationFailure: string | null;
  /** Sessions claimed by signature or recorded by a rotation, newest last. */
  readonly claims: Readonly<Record<string, CaseId | RotationId>>;
  /** Sessions that the sweep found gone, newest last. */
  readonly gone: readonly string[];
  /** Logins still of interest: unclaimed, or of the open case. */
  readonly seen: readonly SeenSession[];
  /** Undeclared uses that nobody has ended; they stand beside the open case and beside each other. */
  readonly undeclared: readonly UndeclaredUse[];
  readonly casesOn: { readonly date: string; readonly count: number };
  readonly rotationsOn: { readonly date: string; readonly count: number };
  /** Custodians who attested the current pair, as `part/person`. */
  readonly attested: readonly string[];
  /** Cases settled by the last rotation, and those that doubt it: a later one supersedes their attestations. */
  readonly settledBy: readonly CaseId[];
  /** The case whose old credential is known to work still; null once a later rotation is proven. */
  readonly distrusted: CaseId | null;
  /** Paperwork of earlier cases that is overdue and still owed, as `case: obligation`. */
  readonly overdue: readonly string[];
  readonly overrideSignatures: readonly {
    readonly by: PersonId;
    readonly reason: string;
    readonly expiresAt: string;
  }[];
  /** Until when the next request passes what blocks the account; null when nothing was overridden. */
  readonly overriddenUntil: string | null;
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
  candidates: null,
  rotationsOwed: [],
  rotationFailure: null,
  claims: {},
  gone: [],
  seen: [],
  undeclared: [],
  casesOn: { date: '', count: 0 },
  rotationsOn: { date: '', count: 0 },
  attested: [],
  settledBy: [],
  distrusted: null,
  overdue: [],
  overrideSignatures: [],
  overriddenUntil: null,
  lost: [],
  lastRotation: null,
});

/** What an earlier run carried: older code knew fewer members. */
export type CarriedAccount = Partial<Omit<AccountState, 'rotation'>> & {
  readonly rotation?: (Omit<Rotation, 'also' | 'lead'> & Partial<Rotation>) | null;
};

type Rotation = NonNullable<AccountState['rotation']>;

/**
 * The account as an earlier run left it. What that run's code did not know is as in an account of which nothing is
 * known: decisions are folded from the ledger, which lacks nothing.
 *
 * @param carried - absent at the very first start
 */
export const resumeAccount = (account: AccountId, carried: CarriedAccount = {}): AccountState => {
  const { rotation = null } = carried;
  return {
    ...emptyAccount(account),
    ...carried,
    rotation: rotation === null ? null : { also: [], lead: null, ...rotation },
  };
};

/** A login nobody has claimed, which has yet to ring for that. */
export const isUnclaimed = (each: SeenSession): boolean => each.claimedFor === null && !each.rungUnclaimed;

/** The undeclared use that waits for its answer: what nobody claims meanwhile joins it. */
export const unansweredUse = ({ undeclared }: AccountState): UndeclaredUse | null =>
  undeclared.find((each) => each.unclaimed.length > 0) ?? null;

/** The cases that a rotation settles. */
export const casesOf = (rotation: AccountState['rotation']): CaseId[] =>
  rotation?.case == null ? [] : [rotation.case, ...rotation.also];

/** The day and number of the next id. No id comes twice: when the clock steps back, the later day goes on. */
export const nextOn = (on: AccountState['casesOn'], now: string): AccountState['casesOn'] => {
  const today = now.slice(0, 10);
  return today > on.date ? { date: today, count: 1 } : { date: on.date, count: on.count + 1 };
};
