/** Secrets a requester's machine holds for one request, each file encrypted to its owner's age key. */
import { z } from 'zod';
import {
  accountId,
  caseId,
  digest as digestSchema,
  generation,
  type Digest,
} from '../../core/contracts/ids.ts';
import { ageDecrypt, ageEncrypt, AgeError } from '../../core/custody/age.ts';
import { ownRecipient, readAgeIdentity } from './ageKey.ts';
import { usage } from './exits.ts';
import { parseJson, type Home, type Profile } from './home.ts';

const held = z.strictObject({
  v: z.literal(1),
  request: digestSchema,
  account: accountId,
  case: caseId.nullable(),
  /** The age identity that shares are released to. */
  oneTimeIdentity: z.string(),
  /** The credential as it was opened, kept until it was tried after the rotation. */
  old: z
    .strictObject({
      identifier: z.string(),
      password: z.string(),
      generation,
      session: z.strictObject({ id: z.uuid(), token: z.string() }).nullable(),
    })
    .nullable(),
});
export type Held = z.infer<typeof held>;

export interface Vault {
  /** What is held for a request, or null. @throws CliError if it cannot be decrypted */
  readonly read: (request: Digest) => Promise<Held | null>;
  readonly write: (held: Held) => Promise<void>;
  readonly forget: (request: Digest) => Promise<void>;
}

const nameOf = (request: Digest): string => `keys/${request}.age`;

export const createVault = (home: Home, profile: Profile): Vault => ({
  read: async (request) => {
    const file = await home.read(nameOf(request));
    if (file === null) return null;
    const text = await decrypt(await readAgeIdentity(profile), file, home.path(nameOf(request)));
    const parsed = held.safeParse(parseJson(text));
    if (!parsed.success || parsed.data.request !== request)
      throw usage(`${home.path(nameOf(request))} does not hold the key of that request`);
    return parsed.data;
  },
  write: async (what) => {
    const file = await ageEncrypt([await ownRecipient(profile)], JSON.stringify(what));
    await home.write(nameOf(what.request), file);
  },
  forget: (request) => home.remove(nameOf(request)),
});

const decrypt = async (identity: string, file: string, name: string): Promise<string> => {
  try {
    return new TextDecoder().decode(await ageDecrypt(identity, file));
  } catch (error) {
    if (error instanceof AgeError) throw usage(`${name}: ${error.message}`);
    throw error;
  }
};
