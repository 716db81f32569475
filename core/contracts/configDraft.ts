import { z } from 'zod';
import { account, custody, deadlines, person, quorum, scenario } from './config.ts';
import { parts } from './ids.ts';

/** What cannot be read is a hole (`undefined`): a fault of shape that is told already, and nothing to judge. */
const orHole = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);

/** A list keeps its holes, so that what follows them stands at its own place. */
const list = <T extends z.ZodType>(entry: T) => z.array(orHole(entry));

/** By the names that are written, whatever is under them: who is named exists, even half read. */
const byName = <T extends z.ZodType>(entry: T) => orHole(z.record(z.string(), orHole(entry)));

const draftPerson = z.object({
  roles: orHole(list(person.shape.roles.unwrap().element).default([])),
  sshKeys: orHole(list(z.string())),
  ageRecipient: orHole(z.string()),
  channels: orHole(list(person.shape.channels.element)),
  timezone: orHole(z.string()),
});

const draftCustody = z.object({
  threshold: orHole(custody.shape.threshold),
  custodians: orHole(list(z.string())),
  unlockFactor: orHole(custody.shape.unlockFactor),
});

const [kratos] = account.options;

const draftAccount = z.object({
  address: orHole(kratos.shape.address),
  principals: orHole(list(z.string())),
  owners: orHole(list(z.string())),
  scenarios: orHole(list(z.string())),
  quorum: orHole(z.object({ need: orHole(quorum.shape.need), role: orHole(quorum.shape.role) })),
  singlePrincipalRisk: orHole(kratos.shape.singlePrincipalRisk),
  custody: orHole(z.partialRecord(z.enum(parts), orHole(draftCustody))),
});

/** Those that are compared with another. */
const draftDeadlines = z.object({
  request: orHole(deadlines.shape.request),
  release: orHole(deadlines.shape.release),
  session: orHole(deadlines.shape.session),
  sighting: orHole(deadlines.shape.sighting),
  claim: orHole(deadlines.shape.claim),
  refusals: orHole(deadlines.shape.refusals),
  sessionLog: orHole(deadlines.shape.sessionLog),
  postMortem: orHole(deadlines.shape.postMortem),
});

/**
 * A config as far as it can be read: what its meaning is judged by while its shape is still being mended. It
 * reads anything and refuses nothing; a config of the right shape is the same in both.
 */
export const configDraft = orHole(
  z.object({
    people: byName(draftPerson),
    channels: byName(z.unknown()),
    security: orHole(z.object({ channels: orHole(list(z.string())) })),
    worker: orHole(z.object({ sshKey: orHole(z.string()) })),
    scenarios: byName(z.object({ longestSessionMinutes: orHole(scenario.shape.longestSessionMinutes) })),
    refused: byName(z.unknown()),
    everyday: orHole(list(z.string()).default([])),
    accounts: byName(draftAccount),
    deadlines: orHole(draftDeadlines.prefault({})),
  }),
);
export type ConfigDraft = NonNullable<z.infer<typeof configDraft>>;
export type DraftAccount = z.infer<typeof draftAccount>;
