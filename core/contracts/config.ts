import { z } from 'zod';
import { accountId, personId } from './ids.ts';

const name = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/);
const region = z.string().describe('such as eu-west-1');
const topicArn = z.string().startsWith('arn:').describe('the topic, arn:aws:sns:…');
const says = z.string().min(1).describe('for people to read');
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
  z.strictObject({ kind: z.literal('sns'), topicArn, region }),
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
  z.strictObject({ kind: z.literal('sns'), topicArn, region }),
  z.strictObject({
    kind: z.literal('s3'),
    bucket: z
      .string()
      .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/)
      .describe('a bucket with Object Lock'),
    region,
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

/** A public key as in `authorized_keys`. */
const sshKey = z.string().min(40).describe('an OpenSSH public key: ssh-ed25519 AAAA… comment');

export const role = z.enum(['senior', 'admin', 'oncall', 'security', 'compliance', 'auditor', 'engineer']);
export type Role = z.infer<typeof role>;

export const person = z.strictObject({
  name: z.string().min(1).max(80).describe('for people to read'),
  roles: z.array(role).default([]).describe('what this person may do beyond being named'),
  sshKeys: z.array(sshKey).min(1).describe('public keys this person signs with'),
  ageRecipient: z
    .string()
    .startsWith('age1')
    .describe('age1…, where shares and answers for this person are sealed to'),
  channels: z.array(name).min(1).describe('channels by which this person is told'),
  timezone: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_+/-]*$/)
    .optional()
    .describe('IANA name, such as Europe/Berlin: tells a requester whom to expect awake'),
});
export type Person = z.infer<typeof person>;

/** A reason for which an account may be opened: all its conditions must be stated. */
export const scenario = z.strictObject({
  says,
  conditions: z
    .record(name, z.string().min(1))
    .refine((c) => Object.keys(c).length > 0, 'no condition is named')
    .describe('what must be true; a request states every one of them'),
  longestSessionMinutes: minutes.describe('a session ends by itself after this'),
});
export type Scenario = z.infer<typeof scenario>;

/** A reason refused by name, with where to go instead. */
export const refusedReason = z.strictObject({
  says,
  phrases: z.array(z.string().min(3)).default([]).describe('words that give such a reason away'),
  instead: z.string().min(1).describe('where to go instead'),
});
export type RefusedReason = z.infer<typeof refusedReason>;

/** Who must agree: `need` people of `role`, never the requester. */
export const quorum = z.strictObject({
  need: z.int().min(2).describe('how many must sign; never the requester'),
  role: role.describe('whose signature counts'),
});

/** Where one part lies: shares to custodians, `threshold` of whom open it. */
export const custody = z.strictObject({
  threshold: z.int().min(2).describe('how many shares open it'),
  custodians: z.array(personId).min(2).max(255).describe('who holds a share; nobody holds one of each part'),
  unlockFactor: z
    .string()
    .min(1)
    .describe('where it lies and what unlocks it, such as: envelope in the Lisbon safe'),
});

const address = z.email().describe('an email address that belongs to no person');

const accountBase = {
  says,
  scope: z.strictObject({
    region: z.string().optional(),
    cluster: z.string().optional(),
    service: z.string().optional(),
  }),
  principals: z.array(personId).min(1).describe('who may ask for it'),
  owners: z.array(personId).min(2).describe('they provision and rotate'),
  scenarios: z.array(name).min(1).describe('for which it may be opened'),
  quorum,
  runbook: z.string().min(1).describe('where its runbook lies'),
  networks: z.array(z.string()).default([]).describe('CIDR ranges a login is expected from; none: anywhere'),
  singlePrincipalRisk: z
    .string()
    .optional()
    .describe('the accepted risk of having one principal, by its reference, such as R-001'),
};

/** A break-glass identity in Ory Kratos. */
export const kratosAccount = z.strictObject({
  kind: z.literal('kratos'),
  ...accountBase,
  address,
  custody: z.strictObject({ password: custody, mfa: custody }),
});

/** An AWS account's root user: console and MFA only, no access key, ever. */
export const awsRootAccount = z.strictObject({
  kind: z.literal('aws-root'),
  ...accountBase,
  awsAccountId: z
    .string()
    .regex(/^\d{12}$/)
    .describe('twelve digits, in quotes'),
  member: z.enum(['management', 'member']),
  address,
  mfa: z.strictObject({
    device: z.enum(['hardware', 'virtual']),
    tracking: z.string().describe('where its enrolment is tracked'),
  }),
  custody: z.strictObject({ password: custody, mfa: custody }),
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
  attestation: seconds.default(24 * 3600).describe('rotated → attested'),
  sessionLog: seconds.default(24 * 3600).describe('ended → the session log'),
  postMortem: seconds.default(48 * 3600).describe('ended → the post-mortem'),
  refusals: seconds.default(3600).describe('rotated → the old credential tried by the requester'),
  claim: seconds.default(60).describe('sighting → claim'),
  answer: seconds.default(300).describe('undeclared → “mine” or “stop”; rings again each time it has passed'),
});
export type Deadlines = z.infer<typeof deadlines>;

/** The whole config: one YAML file, in force only when signed (see core/trust). */
export const config = z.strictObject({
  version: z.literal(1),
  organisation: z.string().min(1).describe('its name'),
  origin: z.url().describe('the address people reach the api at; sign-in is bound to it'),
  people: z.record(personId, person),
  channels: z.record(name, channel),
  security: z.strictObject({ channels: z.array(name).min(1) }).describe('where logins ring'),
  worker: z.strictObject({ sshKey }).describe('signs seals and checkpoints'),
  witnesses: z.record(name, witness).default({}).describe('who keeps the checkpoints of the ledger'),
  scenarios: z.record(name, scenario),
  refused: z.record(name, refusedReason),
  everyday: z
    .array(z.string().min(3))
    .default([])
    .describe('what everyday work relies on (the normal vault, single sign-on): no part may lie there'),
  accounts: z.record(accountId, account),
  deadlines: deadlines.prefault({}),
});
export type Config = z.infer<typeof config>;
