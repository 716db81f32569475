import { z } from 'zod';
import { role } from './config.ts';
import { accountId, caseId, digest, generation, instant, part, personId, rotationId } from './ids.ts';

/** Where one part of one generation lies: enough to check a release, no ciphertext. */
export const sealedAt = z.strictObject({
  generation,
  seal: digest,
  threshold: z.int(),
  custodians: z.array(personId),
});
export type SealedAt = z.infer<typeof sealedAt>;

/** One sealed generation of each part: the pair that opens the account. */
export const pair = z.strictObject({ password: sealedAt, mfa: sealedAt });
export type Pair = z.infer<typeof pair>;

const candidatesOfPart = z.strictObject({
  /** The generation that opens the account now, if it is one of ours. */
  live: sealedAt.nullable(),
  /** Sealed to take its place; it may or may not have done so yet. */
  pending: sealedAt.nullable(),
});

/** The sealed generations of which one combination opens the account: at most two of each part. */
export const candidates = z.strictObject({ password: candidatesOfPart, mfa: candidatesOfPart });
export type Candidates = z.infer<typeof candidates>;

/** By what a credential is told from its successor without reading it; null when there is none. */
export const marks = z.strictObject({
  /** Digest of the password hash that Kratos stores. */
  hash: z.string().nullable(),
  /** When Kratos's TOTP credential was made. */
  totp: z.string().nullable(),
});
export type Marks = z.infer<typeof marks>;

export const obligationKind = z.enum([
  'release',
  'attestation',
  'session-log',
  'post-mortem',
  'refusals',
  'answer',
  'finding',
]);
export type ObligationKind = z.infer<typeof obligationKind>;

/** Something a session may have left behind, which no rotation can take away: people must look at it. */
export const finding = z.strictObject({
  /** Names it within its case, such as `admin-1f0c9a2b`. */
  id: z.string().regex(/^[a-z0-9-]{1,60}$/),
  /** What was found, for people. */
  says: z.string(),
});
export type Finding = z.infer<typeof finding>;

/** How the account's old credential is known to be dead: tried and refused, or only replaced. */
export const proof = z.enum(['refused', 'replaced']);

/** A login as the sentinel found it. */
export const sighting = z.strictObject({
  /** Stable: the same login gives the same id, however often it is reported. */
  id: z.string().min(8).max(80),
  account: accountId,
  identity: z.string(),
  /** Kratos's session id, once confirmed through the admin api. */
  session: z.uuid().nullable(),
  aal: z.enum(['aal1', 'aal2', 'unknown']),
  method: z.string(),
  ip: z.string(),
  userAgent: z.string(),
  at: instant,
  source: z.enum(['kratos-hook', 'session-sweep']),
});
export type Sighting = z.infer<typeof sighting>;

/** What the case's terms are, copied from the config it is pinned to. */
export const terms = z.strictObject({
  need: z.int(),
  /** What raised the quorum by one: paperwork that was overdue. Absent when nothing did. */
  raised: z.strictObject({ from: z.int(), overdue: z.array(z.string()) }).optional(),
  role,
  approvers: z.array(personId),
  longestSessionMinutes: z.int(),
  seconds: z.strictObject({
    request: z.int(),
    release: z.int(),
    session: z.int(),
    attestation: z.int(),
    sessionLog: z.int(),
    refusals: z.int(),
    postMortem: z.int(),
    /** Absent in cases from before silence rang. */
    sighting: z.int().optional(),
  }),
});
export type Terms = z.infer<typeof terms>;

/** The terms of a case that nobody asked for, copied from the config in force when it opened. */
export const detectedTerms = z.strictObject({
  /** Admins, on-call and security: all who are told. */
  told: z.array(personId),
  /** Those of them who owe the answer. */
  answerers: z.array(personId).min(1),
  /** How long a use may last that somebody owned up to. */
  longestSessionMinutes: z.int(),
  seconds: z.strictObject({
    answer: z.int(),
    attestation: z.int(),
    sessionLog: z.int(),
    postMortem: z.int(),
  }),
});

const at = { at: instant };
const by = { by: personId };

/** What can happen to a case. Folding these with `evolveCase` gives its state. */
export const caseEvent = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('requested'),
    ...at,
    ...by,
    case: caseId,
    account: accountId,
    kind: z.enum(['emergency', 'drill']),
    request: digest,
    scenario: z.string(),
    conditions: z.array(z.string()),
    reason: z.string(),
    symptom: z.string(),
    incidentChannel: z.string(),
    expectedMinutes: z.int(),
    recipient: z.string(),
    config: digest,
    terms,
    pair,
  }),
  z.strictObject({ type: z.literal('approved'), ...at, ...by, role, expiresAt: instant }),
  z.strictObject({ type: z.literal('authorised'), ...at }),
  z.strictObject({ type: z.literal('denied'), ...at, ...by, reason: z.string() }),
  z.strictObject({ type: z.literal('withdrawn'), ...at, ...by, reason: z.string() }),
  z.strictObject({
    type: z.literal('expired'),
    ...at,
    waitedFor: z.enum(['quorum', 'release', 'login']),
    /** Seconds after the deadline. */
    late: z.int().optional(),
  }),
  z.strictObject({ type: z.literal('share-released'), ...at, ...by, part }),
  z.strictObject({ type: z.literal('released'), ...at }),
  z.strictObject({ type: z.literal('session-claimed'), ...at, ...by, session: z.uuid() }),
  z.strictObject({ type: z.literal('session-seen'), ...at, sighting }),
  z.strictObject({
    type: z.literal('ended'),
    ...at,
    by: personId.nullable(),
    how: z.enum(['requester', 'approver', 'longest-session', 'stopped', 'gone']),
    reason: z.string(),
    /** Seconds after the longest session was over. */
    late: z.int().optional(),
  }),
  z.strictObject({ type: z.literal('sessions-ended'), ...at, sessions: z.array(z.uuid()) }),
  z.strictObject({ type: z.literal('rotated'), ...at, rotation: rotationId, pair }),
  z.strictObject({
    type: z.literal('old-credential'),
    ...at,
    by: personId.nullable(),
    proof,
    why: z.string(),
  }),
  /** The requester's machine signed that the old credential, or its session, still opens the account. */
  z.strictObject({ type: z.literal('old-credential-works'), ...at, ...by, why: z.string() }),
  /** A later rotation of the account was proven: the case's own new pair is no longer the one that opens it. */
  z.strictObject({ type: z.literal('superseded'), ...at, rotation: rotationId }),
  /** Owed by each of these owners, until one of them has explained or removed it. */
  z.strictObject({ type: z.literal('found'), ...at, finding, owners: z.array(personId) }),
  z.strictObject({
    type: z.literal('finding-settled'),
    ...at,
    ...by,
    finding: z.string(),
    how: z.enum(['explained', 'removed']),
    reason: z.string(),
  }),
  z.strictObject({ type: z.literal('attested'), ...at, ...by, part }),
  z.strictObject({
    type: z.literal('written-up'),
    ...at,
    ...by,
    document: z.enum(['session-log', 'post-mortem']),
    text: digest,
  }),
  z.strictObject({ type: z.literal('reminded'), ...at, obligation: z.string(), late: z.int() }),
  z.strictObject({ type: z.literal('escalated'), ...at, obligation: z.string(), late: z.int() }),
  z.strictObject({ type: z.literal('closed'), ...at }),
  /** A login that nobody claimed in time opens a case of its own. */
  z.strictObject({
    type: z.literal('detected'),
    ...at,
    case: caseId,
    account: accountId,
    sighting,
    config: digest,
    terms: detectedTerms,
    pair,
  }),
  /** Every session of an undeclared case is owned up to, or somebody stopped it. */
  z.strictObject({
    type: z.literal('answered'),
    ...at,
    by: personId.nullable(),
    how: z.enum(['mine', 'stop']),
    /** What the last of its sessions was claimed for. */
    claimedFor: z.union([caseId, rotationId]).nullable(),
  }),
  /** Released, or claimed (`session`), and no login was seen in time. */
  z.strictObject({ type: z.literal('unsighted'), ...at, session: z.uuid().nullable(), late: z.int() }),
]);
export type CaseEvent = z.infer<typeof caseEvent>;
export type CaseEventOf<T extends CaseEvent['type']> = Extract<CaseEvent, { type: T }>;

/** What can happen to an account. Folding these with `evolveAccount` gives its state. */
export const accountEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('provision-signed'), ...at, ...by, expiresAt: instant }),
  z.strictObject({
    type: z.literal('rotation-started'),
    ...at,
    rotation: rotationId,
    cause: z.enum(['provision', 'case', 'asked', 'distrust']),
    case: caseId.nullable(),
    /** Further cases that this rotation settles. */
    also: z.array(caseId).optional(),
    by: personId.nullable(),
  }),
  z.strictObject({
    type: z.literal('rotation-proven'),
    ...at,
    rotation: rotationId,
    identity: z.string(),
    pair,
    /** What its case has to look at before it may close, and whose business that is. */
    findings: z.strictObject({ found: z.array(finding), owners: z.array(personId) }).optional(),
  }),
  /** A session that a rotation made itself, recorded as its login returns. */
  z.strictObject({ type: z.literal('session-recorded'), ...at, rotation: rotationId, session: z.uuid() }),
  z.strictObject({ type: z.literal('rotation-failed'), ...at, rotation: rotationId, why: z.string() }),
  z.strictObject({ type: z.literal('case-opened'), ...at, ...by, case: caseId, request: digest }),
  /** The case no longer needs the account for itself; `rotate` when a share had left its custodian. */
  z.strictObject({ type: z.literal('case-left'), ...at, case: caseId, rotate: z.boolean() }),
  z.strictObject({ type: z.literal('session-claimed'), ...at, ...by, case: caseId, session: z.uuid() }),
  z.strictObject({ type: z.literal('session-sighted'), ...at, sighting, claimBy: instant }),
  z.strictObject({
    type: z.literal('session-unclaimed'),
    ...at,
    sighting: z.string(),
    late: z.int(),
    /** The undeclared case that it opens or joins; none before the account is provisioned. */
    case: caseId.optional(),
  }),
  z.strictObject({ type: z.literal('attested'), ...at, ...by, part, generation }),
  z.strictObject({ type: z.literal('case-overdue'), ...at, case: caseId, obligation: z.string() }),
  z.strictObject({ type: z.literal('case-caught-up'), ...at, case: caseId, obligation: z.string() }),
  /** The old credential of a case still works: another rotation is owed. */
  z.strictObject({ type: z.literal('credential-distrusted'), ...at, case: caseId }),
  z.strictObject({
    type: z.literal('override-signed'),
    ...at,
    ...by,
    reason: z.string(),
    expiresAt: instant,
  }),
  /** Two owners signed: what blocks the account does not stop its next request until then. */
  z.strictObject({ type: z.literal('overridden'), ...at, until: instant, blocked: z.string() }),
  /** A workflow that must run does not: terminated or deleted from outside. */
  z.strictObject({ type: z.literal('workflow-gone'), ...at, workflow: z.string() }),
  z.strictObject({ type: z.literal('workflow-rebuilt'), ...at, workflow: z.string() }),
  /** What may open the account from here on, named by one attempt of a rotation; the first naming takes the lead. */
  z.strictObject({
    type: z.literal('candidates-named'),
    ...at,
    rotation: rotationId,
    run: z.string(),
    attempt: z.int(),
    candidates,
    marks,
  }),
  /** A session that was alive and is no more, though nobody said so: `at` is when the sweep noticed. */
  z.strictObject({ type: z.literal('session-gone'), ...at, session: z.uuid(), lastActiveAt: instant }),
]);
export type AccountEvent = z.infer<typeof accountEvent>;

/** One event of a stream (a case or an account) with the ledger row that carries it. */
export interface Recorded<Event> {
  readonly seq: number;
  readonly event: Event;
}
