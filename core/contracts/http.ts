import { z } from 'zod';
import { pair, proof, sighting } from './events.ts';
import { accountId, caseId, digest, instant, part, personId, rotationId } from './ids.ts';
import { row } from './ledger.ts';
import { sealedPartSchema } from './seal.ts';
import { envelope, signInChallenge } from './statements.ts';

/** RFC 9457 problem details, with the refusal's code and what to do. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  /** A `RefusalCode`, or `unauthenticated`, `forbidden`, `not-found`, `bad-request`, `unavailable`. */
  code: z.string(),
});
export type Problem = z.infer<typeof problem>;

/** A config and the signatures that put it in force; the first of a chain has no `previous`. */
export const signedConfig = z.strictObject({
  yaml: z.string().min(1).max(262_144),
  previous: digest.nullable(),
  /** Envelopes of `config` statements. */
  signatures: z.array(envelope).max(20),
});
export type SignedConfig = z.infer<typeof signedConfig>;
/** The answer of `GET /v1/config`. */
export const configAnswer = z.object({ chain: z.array(signedConfig) });

export const challengeRequest = z.strictObject({ person: personId });
/** The canonical text to sign in the namespace `sign-in@breakglass`. */
export const challengeResponse = z.strictObject({ challenge: z.string() });
export const tokenRequest = envelope;
export const tokenResponse = z.strictObject({ token: z.string(), expiresAt: instant });
export { signInChallenge };

/** A sealed part as the worker signed it (namespace `seal@breakglass`, over the canonical JSON of `sealed`). */
export const storedSeal = z.strictObject({ sealed: sealedPartSchema, digest, signature: z.string() });
export type StoredSeal = z.infer<typeof storedSeal>;

export const obligationView = z.strictObject({
  id: z.string(),
  kind: z.string(),
  owner: personId,
  due: instant,
  overdue: z.boolean(),
  ended: z.strictObject({ at: instant, evidence: z.string() }).nullable(),
});

export const caseView = z.strictObject({
  case: caseId,
  account: accountId,
  kind: z.enum(['emergency', 'drill', 'undeclared']),
  phase: z.string(),
  /** Null in an undeclared case, as is all else that only a request says. */
  request: digest.nullable(),
  /** Who asked; in an undeclared case who owned up to it, or stopped it. */
  by: personId.nullable(),
  scenario: z.string().nullable(),
  conditions: z.array(z.string()),
  reason: z.string(),
  symptom: z.string().nullable(),
  incidentChannel: z.string().nullable(),
  expectedMinutes: z.int().nullable(),
  config: digest,
  need: z.int(),
  /** Why the quorum is one higher than the config's. */
  raised: z.strictObject({ from: z.int(), overdue: z.array(z.string()) }).nullable(),
  role: z.string().nullable(),
  /** What was answered to an undeclared use, and by whom. */
  answer: z.strictObject({ how: z.enum(['mine', 'stop']), by: personId.nullable() }).nullable(),
  approvers: z.array(personId),
  approvedBy: z.array(personId),
  released: z.array(z.strictObject({ part, by: personId })),
  pair,
  newPair: pair.nullable(),
  rotation: rotationId.nullable(),
  sessions: z.array(z.uuid()),
  sightings: z.array(sighting),
  sessionsEnded: z.boolean(),
  oldCredential: proof.nullable(),
  /** Whether it was found working after the rotation, and no later one is proven yet. */
  oldCredentialWorks: z.boolean(),
  obligations: z.array(obligationView),
  /** When each phase was entered, and `aal2`, `sessions-ended`, `rotated`. */
  times: z.record(z.string(), instant),
  /** The next instant at which the clock alone changes something. */
  nextDeadline: instant.nullable(),
  /** Who is waited for, and the command that answers. */
  waitingFor: z.array(z.strictObject({ who: z.array(personId), forWhat: z.string(), command: z.string() })),
});
export type CaseView = z.infer<typeof caseView>;

export const accountView = z.strictObject({
  account: accountId,
  kind: z.string(),
  says: z.string(),
  provisioned: z.boolean(),
  pair: pair.nullable(),
  openCase: caseId.nullable(),
  /** Undeclared uses that nobody has ended. */
  undeclared: z.array(caseId),
  rotation: rotationId.nullable(),
  blocked: z.string().nullable(),
  provisionSignedBy: z.array(personId),
  /** Paperwork of earlier cases, overdue: the next case needs one signature more. */
  overdue: z.array(z.string()),
  overrideSignedBy: z.array(personId),
  /** Until when one request passes what blocks the account. */
  overriddenUntil: instant.nullable(),
  attested: z.array(z.string()),
  lastRotation: z.strictObject({ id: rotationId, at: instant }).nullable(),
  /** Logins seen and not claimed by anybody. */
  unclaimed: z.array(sighting),
});
export type AccountView = z.infer<typeof accountView>;
/** The answer of `GET /v1/accounts`. */
export const accountsAnswer = z.object({ accounts: z.array(accountView) });

/**
 * What a person's machine needs to check a case for itself: the signed
 * envelopes and the signed seals, nothing that must be believed.
 */
export const dossier = z.strictObject({
  case: caseId,
  request: envelope,
  /** `approval` envelopes that were accepted. */
  approvals: z.array(envelope),
  /** `release` envelopes; only the requester gets them. */
  releases: z.array(envelope),
  /** The seals of the pair the case is about. */
  seals: z.array(storedSeal),
});
export type Dossier = z.infer<typeof dossier>;

export const accepted = z.strictObject({
  seq: z.int(),
  case: caseId.nullable(),
  rotation: rotationId.nullable(),
  events: z.array(z.string()),
});

/** Which cases; what is left out matches all. Names that no config of the chain has are refused, not matched. */
export const casesQuery = z.object({
  account: accountId.optional(),
  phase: z.string().optional(),
  kind: z.string().optional(),
  scenario: z.string().optional(),
  /** Whoever signed something in the case, or owed something in it. */
  person: z.string().optional(),
  /** Whether somebody owes something past its deadline. */
  overdue: z.enum(['true', 'false']).optional(),
  /** In which it was admitted, such as `2026-Q4`. */
  quarter: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(200).default(200),
  /** `next` of the page before. */
  after: z.coerce.number().int().min(1).optional(),
});
export type CasesQuery = z.infer<typeof casesQuery>;

/** A page can be shorter than its limit although there is more: `next` alone says so. */
export const casesPage = z.strictObject({ cases: z.array(caseView), next: z.int().nullable() });

export const ledgerPage = z.strictObject({ rows: z.array(row), next: z.int().nullable() });
export const seals = z.strictObject({ account: accountId, seals: z.array(storedSeal) });
