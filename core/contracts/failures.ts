/** Names of failures that a caller may act on (`ApplicationFailure.type`). */
export const failureNames = {
  /** A statement was understood and refused; the ledger has a row for it. */
  refused: 'Refused',
  /** What came is no signed envelope at all; nothing was written. */
  notAnEnvelope: 'NotAnEnvelope',
} as const;

/** Why a statement is refused: each has one clear sentence beside it. */
export type RefusalCode =
  | 'malformed-statement'
  | 'malformed-signature'
  | 'wrong-namespace'
  | 'weak-algorithm'
  | 'user-presence-missing'
  | 'unknown-person'
  | 'unknown-key'
  | 'bad-signature'
  | 'expired'
  | 'future-dated'
  | 'lives-too-long'
  | 'unknown-config'
  | 'replayed'
  | 'unknown-account'
  | 'unknown-scenario'
  | 'refused-reason'
  | 'missing-condition'
  | 'not-a-principal'
  | 'not-an-approver'
  | 'not-a-custodian'
  | 'not-an-owner'
  | 'not-the-requester'
  | 'self-approval'
  | 'already-counted'
  | 'wrong-case'
  | 'wrong-request'
  | 'wrong-phase'
  | 'wrong-recipient'
  | 'wrong-generation'
  | 'wrong-seal'
  | 'quorum-not-met'
  | 'quorum-impossible'
  | 'account-busy'
  | 'account-blocked'
  | 'not-provisioned'
  | 'incomplete';

/** A refusal: a code for machines, a sentence for people. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly why: string;
}

/** What an error says, for a log line or a row: its message, and nothing that it holds besides. */
export const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : 'unknown error';
