/** An organisation for tests: people with real keys made by ssh-keygen and age, and a config of them. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { createSshKey, signWithSshKeygen } from '../../adapters/ssh/sign.ts';
import { canonicalize, type Json } from '../../core/contracts/canonical.ts';
import type { Role } from '../../core/contracts/config.ts';
import type { SignedConfig } from '../../core/contracts/http.ts';
import { digest as digestSchema, type Digest } from '../../core/contracts/ids.ts';
import { namespaces, type Envelope } from '../../core/contracts/statements.ts';
import { newAgeIdentity, recipientOf } from '../../core/custody/age.ts';
import { configDigest } from '../../core/trust/configFile.ts';

/** Who is who: everything a person may be toward the account `acme-eu`. */
export const cast = {
  alice: { roles: ['senior'], is: 'principal, asks' },
  bob: { roles: ['senior', 'admin'], is: 'approver, admin' },
  carol: { roles: ['senior', 'admin'], is: 'approver, admin' },
  dan: { roles: ['senior'], is: 'approver' },
  erin: { roles: [], is: 'custodian of the password' },
  frank: { roles: [], is: 'custodian of the password' },
  grace: { roles: [], is: 'custodian of the mfa' },
  heidi: { roles: [], is: 'custodian of the mfa' },
  ivan: { roles: ['auditor'], is: 'auditor' },
  judy: { roles: ['compliance'], is: 'compliance' },
  karl: { roles: ['security'], is: 'security' },
  lena: { roles: ['engineer'], is: 'nobody here' },
  mona: { roles: ['admin'], is: 'admin' },
  nils: { roles: [], is: 'principal who did not ask' },
  olga: { roles: ['oncall'], is: 'on call' },
  quinn: { roles: [], is: 'owner' },
  rosa: { roles: [], is: 'owner' },
} as const satisfies Record<string, { roles: readonly Role[]; is: string }>;
export type Name = keyof typeof cast;
export const names = Object.keys(cast) as Name[];

/** The config as plain data, before it is written as YAML. */
export type ConfigData = ReturnType<typeof configData>;

interface Keys {
  readonly keyFile: string;
  readonly publicKey: string;
  readonly ageIdentity: string;
  readonly ageRecipient: string;
}

export interface Org {
  readonly folder: string;
  readonly keys: Readonly<Record<Name | 'worker', Keys>>;
  /** The data of the first config: change a copy to make another. */
  readonly data: ConfigData;
  readonly yaml: string;
  readonly digest: Digest;
  /** The first config, accepted by bob and carol. */
  readonly chain: readonly SignedConfig[];
  sign(by: Name | 'worker', text: string, namespace?: string): Promise<string>;
  /** Canonical text of the members, signed. */
  seal(by: Name, members: Json, namespace?: string): Promise<Envelope>;
  /** A config that follows another (or none), accepted by these people. */
  accept(yaml: string, previous: Digest | null, by: readonly Name[]): Promise<SignedConfig>;
  remove(): Promise<void>;
}

/** A fresh nonce as statements carry them. */
export const newNonce = (): string => randomBytes(16).toString('hex');

export const yamlOf = (data: unknown): string => stringify(data);

export async function makeOrg(origin = 'http://127.0.0.1:7400'): Promise<Org> {
  const folder = await mkdtemp(join(tmpdir(), 'breakglass-org-'));
  const made = await Promise.all(
    [...names, 'worker' as const].map(async (name) => [name, await makeKeys(folder, name)]),
  );
  const keys = Object.fromEntries(made) as Org['keys'];
  const data = configData(keys, origin);
  const yaml = yamlOf(data);

  const sign: Org['sign'] = (by, message, namespace = namespaces.decision) =>
    signWithSshKeygen({ message, namespace, keyFile: keys[by].keyFile });
  const seal: Org['seal'] = async (by, members, namespace) => {
    const statement = canonicalize(members);
    return { statement, signature: await sign(by, statement, namespace) };
  };
  const accept: Org['accept'] = async (text, previous, by) => ({
    yaml: text,
    previous,
    signatures: await Promise.all(
      by.map((person) =>
        seal(person, {
          type: 'config',
          v: 1,
          by: person,
          digest: configDigest(text),
          previous,
          nonce: newNonce(),
          signedAt: '2026-11-21T08:00:00.000Z',
        }),
      ),
    ),
  });
  return {
    folder,
    keys,
    data,
    yaml,
    digest: digestSchema.parse(configDigest(yaml)),
    chain: [await accept(yaml, null, ['bob', 'carol'])],
    sign,
    seal,
    accept,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function makeKeys(folder: string, name: string): Promise<Keys> {
  const keyFile = join(folder, name);
  const { publicKey } = await createSshKey({ file: keyFile, comment: `${name} test key` });
  const ageIdentity = await newAgeIdentity();
  return { keyFile, publicKey, ageIdentity, ageRecipient: await recipientOf(ageIdentity) };
}

function configData(keys: Org['keys'], origin: string) {
  const person = (name: Name) => ({
    name: name.toUpperCase(),
    roles: [...cast[name].roles] as Role[],
    sshKeys: [keys[name].publicKey],
    ageRecipient: keys[name].ageRecipient,
    channels: ['ops'],
  });
  return {
    version: 1,
    organisation: 'Acme',
    origin,
    people: Object.fromEntries(names.map((name) => [name, person(name)])) as Record<
      Name,
      ReturnType<typeof person>
    >,
    channels: {
      ops: { kind: 'sns', topicArn: 'arn:aws:sns:eu-central-1:000000000000:ops', region: 'eu-central-1' },
    },
    security: { channels: ['ops'] },
    worker: { sshKey: keys.worker.publicKey },
    scenarios: {
      'sso-down': {
        says: 'SSO is fully down',
        conditions: { 'sso-fully-down': 'nobody can sign in', 'sev-0': 'declared' },
        longestSessionMinutes: 60,
      },
    },
    refused: {
      convenience: { says: 'it is quicker', phrases: ['quicker this way'], instead: 'ask for access' },
    },
    accounts: {
      'acme-eu': {
        kind: 'kratos',
        says: 'production, Europe',
        scope: { region: 'eu' },
        principals: ['alice', 'nils'],
        owners: ['quinn', 'rosa'],
        scenarios: ['sso-down'],
        quorum: { need: 2, role: 'senior' },
        runbook: 'https://runbooks.example/eu',
        address: 'breakglass-eu@acme.example',
        custody: {
          password: { threshold: 2, custodians: ['erin', 'frank'], unlockFactor: 'safe in Berlin' },
          mfa: { threshold: 2, custodians: ['grace', 'heidi'], unlockFactor: 'vault in Munich' },
        },
      },
    },
  };
}
