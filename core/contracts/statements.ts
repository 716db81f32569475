import { z } from 'zod';
import { accountId, caseId, digest, generation, instant, nonce, part, personId, rotationId } from './ids.ts';
import { role } from './config.ts';

/**
 * SSHSIG namespaces (OpenSSH PROTOCOL.sshsig: a signature made for one purpose
 * must not be replayed for another).
 */
export const namespaces = {
  decision: 'decision@breakglass',
  signIn: 'sign-in@breakglass',
  seal: 'seal@breakglass',
  checkpoint: 'checkpoint@breakglass',
  /** A key tried by its own owner; nobody takes such a signature for anything. */
  doctor: 'doctor@breakglass',
} as const;
export type Namespace = (typeof namespaces)[keyof typeof namespaces];

const text = (most: number) => z.string().trim().min(1).max(most);

const base = {
  v: z.literal(1),
  by: personId,
  /** The digest of the config the signer's machine has pinned. */
  config: digest,
  nonce,
  signedAt: instant,
  expiresAt: instant,
};

/** What a statement about one case is bound to; none of it may be moved elsewhere. */
const aboutCase = { case: caseId, account: accountId, request: digest };

/** The same for a case that nobody may have asked for: an undeclared one has no request. */
const aboutAnyCase = { ...aboutCase, request: digest.nullable() };

export const request = z.strictObject({
  type: z.literal('request'),
  ...base,
  kind: z.enum(['emergency', 'drill']),
  account: accountId,
  scenario: z.string().min(1).max(40),
  conditions: z.array(z.string().min(1).max(40)).max(20),
  reason: text(500),
  symptom: text(1000),
  incidentChannel: text(300),
  expectedMinutes: z
    .int()
    .min(1)
    .max(24 * 60),
  /** The one-time age recipient shares are released to. */
  recipient: z.string().startsWith('age1').max(200),
});

export const approval = z.strictObject({ type: z.literal('approval'), ...base, ...aboutCase, role });
export const denial = z.strictObject({
  type: z.literal('denial'),
  ...base,
  ...aboutCase,
  role,
  reason: text(1000),
});
export const withdrawal = z.strictObject({
  type: z.literal('withdrawal'),
  ...base,
  ...aboutCase,
  reason: text(1000),
});

export const release = z.strictObject({
  type: z.literal('release'),
  ...base,
  ...aboutCase,
  part,
  generation,
  /** Digest of the sealed part the share comes from. */
  seal: digest,
  recipient: z.string().startsWith('age1').max(200),
  /** The share, re-encrypted to `recipient`. */
  ciphertext: z.string().min(1).max(16_384),
});

/** "This session is mine." */
export const claim = z.strictObject({
  type: z.literal('claim'),
  ...base,
  ...aboutAnyCase,
  session: z.uuid(),
});

export const end = z.strictObject({
  type: z.literal('end'),
  ...base,
  ...aboutAnyCase,
  reason: text(1000),
});

/** "This use must stop": ends the case at once, whoever's it is. */
export const stop = z.strictObject({
  type: z.literal('stop'),
  ...base,
  case: caseId,
  account: accountId,
  reason: text(1000),
});

/** What the requester's machine saw when it tried the old credential after the rotation. */
export const refusals = z.strictObject({
  type: z.literal('refusals'),
  ...base,
  ...aboutCase,
  password: z.strictObject({ generation, refused: z.boolean(), status: z.int() }),
  session: z.strictObject({ session: z.uuid(), refused: z.boolean(), status: z.int() }).nullable(),
  triedAt: instant,
});

/** An owner of the account has looked at something that a rotation found. */
export const findingSettled = z.strictObject({
  type: z.literal('finding'),
  ...base,
  ...aboutAnyCase,
  finding: z.string().min(1).max(60),
  how: z.enum(['explained', 'removed']),
  reason: text(1000),
});

/** A custodian downloaded, opened and checked a newly sealed share, and keeps a copy. */
export const attestation = z.strictObject({
  type: z.literal('attestation'),
  ...base,
  account: accountId,
  rotation: rotationId,
  case: caseId.nullable(),
  part,
  generation,
  seal: digest,
  keptAt: text(300),
});

export const writeUp = z.strictObject({
  type: z.literal('write-up'),
  ...base,
  ...aboutAnyCase,
  document: z.enum(['session-log', 'post-mortem']),
  text: z.string().min(1).max(32_768),
});

export const provision = z.strictObject({ type: z.literal('provision'), ...base, account: accountId });

export const rotate = z.strictObject({
  type: z.literal('rotate'),
  ...base,
  account: accountId,
  reason: text(500),
});

/** An owner lets the next request through although the account is blocked; it takes two. */
export const override = z.strictObject({
  type: z.literal('override'),
  ...base,
  account: accountId,
  reason: text(500),
});

/** The signer accepts a config as the one that follows `previous`. */
export const configAcceptance = z.strictObject({
  type: z.literal('config'),
  v: z.literal(1),
  by: personId,
  digest,
  previous: digest.nullable(),
  nonce,
  signedAt: instant,
});

/** A person's own machine refused what a server showed it. */
export const machineRefusal = z.strictObject({
  type: z.literal('machine-refusal'),
  ...base,
  account: accountId,
  case: caseId.nullable(),
  doing: z.string().min(1).max(40),
  code: z.string().min(1).max(60),
  why: text(1000),
});

/** Statements the account workflow takes (an attestation only when no case owes it). */
export const accountStatement = z.discriminatedUnion('type', [
  request,
  provision,
  rotate,
  claim,
  attestation,
  override,
]);
export type AccountStatement = z.infer<typeof accountStatement>;

export const caseStatement = z.discriminatedUnion('type', [
  approval,
  denial,
  withdrawal,
  release,
  end,
  refusals,
  writeUp,
  attestation,
  stop,
  findingSettled,
]);
export type CaseStatement = z.infer<typeof caseStatement>;

/** Every decision: signed in the namespace `decision@breakglass`. */
export const statement = z.discriminatedUnion('type', [
  ...accountStatement.options,
  approval,
  denial,
  withdrawal,
  release,
  end,
  refusals,
  writeUp,
  findingSettled,
  machineRefusal,
  stop,
]);
export type Statement = z.infer<typeof statement>;
export type StatementOf<T extends Statement['type']> = Extract<Statement, { type: T }>;

/**
 * A statement as it travels: the exact canonical text that was signed, and an
 * armoured SSHSIG over it.
 */
export const envelope = z.strictObject({
  statement: z.string().min(2).max(65_536),
  signature: z.string().max(16_384),
});
export type Envelope = z.infer<typeof envelope>;

/** What the api's origin asks a person to sign for a read-only token. */
export const signInChallenge = z.strictObject({
  type: z.literal('sign-in'),
  v: z.literal(1),
  origin: z.url(),
  person: personId,
  nonce,
  expiresAt: instant,
});
export type SignInChallenge = z.infer<typeof signInChallenge>;
