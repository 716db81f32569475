import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { createSshKey } from '../../adapters/ssh/sign.ts';
import type { Progress } from '../cache.ts';
import { createCliWithin, homeOf, mustRun, type RunCli } from './cli.ts';

const example = new URL('../../examples/acme/config.yaml', import.meta.url);

/** What the example's placeholders stand for, besides people's keys. */
export interface Places {
  readonly origin: string;
  readonly kratosPublicUrl: string;
  readonly securityTopic: string;
}

/** A change to the example's text, for tests that want other deadlines. */
export type Amend = (yaml: string) => string;

const keyMade = z.object({ sshKeys: z.tuple([z.string()]), ageRecipient: z.string() });
const withPeople = z.object({ people: z.record(z.string(), z.unknown()) });
const peopleOf = (yaml: string): string[] =>
  Object.keys(withPeople.parse(parse(yaml.replaceAll(/<[^>]*>/g, 'x'))).people);

const inBatches = async <T>(
  items: readonly T[],
  size: number,
  work: (item: T) => Promise<void>,
): Promise<void> => {
  for (let at = 0; at < items.length; at += size) await Promise.all(items.slice(at, at + size).map(work));
};

/**
 * Makes the example organisation: a key pair and a home folder for each person
 * by the CLI's own commands, the config with their public keys, and the recorded
 * first ceremony in which two admins sign it with the real CLI. Every machine pins it.
 *
 * @returns the digest that processes and people pin
 */
export const makeOrganisation = async (options: {
  readonly stateFolder: string;
  readonly cli: RunCli;
  readonly places: Places;
  readonly amend?: Amend;
  readonly progress: Progress;
}): Promise<string> => {
  const { stateFolder, cli, places, progress, amend = (text: string): string => text } = options;
  // The example's first line names a schema that lies beside it, and not where this goes.
  let yaml = amend((await readFile(example, 'utf8')).replace(/^# yaml-language-server:.*\n/, ''));
  const people = peopleOf(yaml);
  const within = createCliWithin(stateFolder);
  // What an interrupted start left half-made: nobody relies on it, since nothing has pinned it.
  for (const made of [
    'people',
    'config/config.yaml',
    'config/0001.json',
    'keys/worker_ed25519',
    'keys/worker_ed25519.pub',
  ])
    await rm(join(stateFolder, made), { recursive: true, force: true });
  progress(`making keys for ${people.length} people, a home folder each`);
  const fill = (placeholder: string, value: string): void => {
    yaml = yaml.replaceAll(`<${placeholder}>`, JSON.stringify(value));
  };
  await inBatches(people, 4, async (person) => {
    await mkdir(homeOf(stateFolder, person), { recursive: true, mode: 0o700 });
    const made = await mustRun(within, person, 'keygen', '--person', person, '--no-passphrase', '--json');
    const { sshKeys, ageRecipient } = keyMade.parse(JSON.parse(made));
    fill(`ssh key of ${person}`, sshKeys[0]);
    fill(`age recipient of ${person}`, ageRecipient);
    const init = ['init', '--person', person, '--api', places.origin, '--kratos', places.kratosPublicUrl];
    await mustRun(within, person, ...init);
  });
  const worker = await createSshKey({
    file: join(stateFolder, 'keys', 'worker_ed25519'),
    comment: 'worker@breakglass',
    passphrase: 'none',
  });
  fill('ssh key of the worker', worker.publicKey);
  fill('origin', places.origin);
  fill('security topic', places.securityTopic);
  fill('witness file', join(stateFolder, 'witness.jsonl'));

  const file = join(stateFolder, 'config', 'config.yaml');
  const bundle = join(stateFolder, 'config', '0001.json');
  await writeFile(file, yaml, { mode: 0o600 });
  progress('first ceremony: omar and sofia sign the config');
  await mustRun(cli, 'omar', 'config', 'check', file);
  await mustRun(cli, 'omar', 'config', 'sign', file, '--out', bundle);
  await mustRun(cli, 'sofia', 'config', 'sign', file, '--out', bundle);
  let pin = '';
  await inBatches(people, 4, async (person) => {
    const pinned = await mustRun(within, person, 'config', 'pin', bundle, '--json');
    pin = z.object({ digest: z.string() }).parse(JSON.parse(pinned)).digest;
  });
  await writeFile(join(stateFolder, 'config', 'pin'), pin, { mode: 0o600 });
  return pin;
};
