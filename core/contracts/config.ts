import { z } from 'zod';
import { accountId, part, personId } from './ids.ts';

const name = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/);
const minutes = z
  .int()
  .min(1)
  .max(60 * 24 * 30);
const seconds = z
  .int()
  .min(1)
  .max(60 * 60 * 24 * 90);

/** How a message leaves; secrets (a Slack webhook's URL) are named, never held here. */
export const channel = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('sns'), topicArn: z.string().startsWith('arn:'), region: z.string() }),
  z.strictObject({
    kind: z.literal('slack'),
    secret: name.describe('file in the secrets folder that holds the incoming webhook URL'),
  }),
]);
export type Channel = z.infer<typeof channel>;

/** Who keeps the ledger's checkpoints: out of reach of whoever owns the database. */
export const witness = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('file'),
    path: z.string().startsWith('/').describe('on other storage than the database; lines are only added'),
  }),
  z.strictObject({ kind: z.literal('sns'), topicArn: z.string().startsWith('arn:'), region: z.string() }),
  z.strictObject({
    kind: z.literal('s3'),
    bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/),
    region: z.string(),
    prefix: z.string().max(200).default('checkpoints/'),
    keepDays: z
      .int()
      .min(1)
      .max(36_500)
      .default(400)
      .describe('Object Lock in compliance mode: nobody deletes it before'),
  }),
]);
export type Witness = z.infer<typeof witness>;

export const role = z.enum(['senior', 'admin', 'oncall', 'security', 'compliance', 'auditor', 'engineer']);
export type Role = z.infer<typeof role>;

export const person = z.strictObject({
  name: z.string().min(1).max(80),
  roles: z.array(role).default([]),
  sshKeys: z.array(z.string().min(40)).min(1).describe('OpenSSH public keys, as in authorized_keys'),
  ageRecipient: z
    .string()
    .startsWith('age1')
    .describe('where shares and answers for this person are sealed to'),
  channels: z.array(name).min(1),
});
export type Person = z.infer<typeof person>;

/** A reason for which an account may be opened: all its conditions must be stated. */
export const scenario = z.strictObject({
  says: z.string().min(1),
  conditions: z
    .record(name, z.string().min(1))
    .refine((c) => Object.keys(c).length > 0, 'at least one condition'),
  longestSessionMinutes: minutes,
});
export type Scenario = z.infer<typeof scenario>;

/** A reason refused by name, with where to go instead. */
export const refusedReason = z.strictObject({
  says: z.string().min(1),
  phrases: z.array(z.string().min(3)).default([]).describe('words that give such a reason away'),
  instead: z.string().min(1),
});
export type RefusedReason = z.infer<typeof refusedReason>;

/** Who must agree: `need` people of `role`, never the requester. */
export const quorum = z.strictObject({ need: z.int().min(2), role });

/** Where one part lies: shares to custodians, `threshold` of whom open it. */
export const custody = z.strictObject({
  threshold: z.int().min(2),
  custodians: z.array(personId).min(2).max(255),
  /** What unlocks it (a safe, a vault, a device): the two parts never share one. */
  unlockFactor: z.string().min(1),
});

const accountBase = {
  says: z.string().min(1),
  scope: z.strictObject({
    region: z.string().optional(),
    cluster: z.string().optional(),
    service: z.string().optional(),
  }),
  principals: z.array(personId).min(1),
  owners: z.array(personId).min(2),
  scenarios: z.array(name).min(1),
  quorum,
  runbook: z.string().min(1),
  networks: z.array(z.string()).default([]).describe('CIDR ranges a login is expected from; none: anywhere'),
  /** The accepted risk of having one principal only. */
  singlePrincipalRisk: z.string().optional(),
};

/** A break-glass identity in Ory Kratos. */
export const kratosAccount = z.strictObject({
  kind: z.literal('kratos'),
  ...accountBase,
  address: z.email().describe('belongs to no person'),
  custody: z.record(part, custody),
});

/** An AWS account's root user: console and MFA only, no access key, ever. */
export const awsRootAccount = z.strictObject({
  kind: z.literal('aws-root'),
  ...accountBase,
  awsAccountId: z.string().regex(/^\d{12}$/),
  member: z.enum(['management', 'member']),
  address: z.email(),
  mfa: z.strictObject({ device: z.enum(['hardware', 'virtual']), tracking: z.string() }),
  custody: z.record(part, custody),
});

export const account = z.discriminatedUnion('kind', [kratosAccount, awsRootAccount]);
export type Account = z.infer<typeof account>;
export type KratosAccount = z.infer<typeof kratosAccount>;

/** Deadlines in seconds from the event they follow. */
export const deadlines = z.strictObject({
  request: seconds.default(30 * 60).describe('requested → authorised'),
  release: seconds.default(30 * 60).describe('authorised → released'),
  session: seconds.default(30 * 60).describe('released → first sighting'),
  sighting: seconds.default(600).describe('released, or claimed → a login seen; then silence rings'),
  attestation: seconds.default(24 * 3600),
  sessionLog: seconds.default(24 * 3600),
  postMortem: seconds.default(48 * 3600),
  refusals: seconds.default(3600).describe('rotated → the old credential tried by the requester'),
  claim: seconds.default(60).describe('sighting → claim'),
  answer: seconds.default(300).describe('undeclared → “mine” or “stop”; rings again each time it has passed'),
});
export type Deadlines = z.infer<typeof deadlines>;

/** The whole config: one YAML file, in force only when signed (see core/trust). */
export const config = z.strictObject({
  version: z.literal(1),
  organisation: z.string().min(1),
  origin: z.url().describe('the address people reach the api at; sign-in is bound to it'),
  people: z.record(personId, person),
  channels: z.record(name, channel),
  security: z.strictObject({ channels: z.array(name).min(1) }).describe('where logins ring'),
  worker: z.strictObject({ sshKey: z.string().min(40) }).describe('signs seals and checkpoints'),
  witnesses: z.record(name, witness).default({}).describe('who keeps the checkpoints of the ledger'),
  scenarios: z.record(name, scenario),
  refused: z.record(name, refusedReason),
  accounts: z.record(accountId, account),
  deadlines: deadlines.prefault({}),
});
export type Config = z.infer<typeof config>;
