import { canonicalize } from '../../core/contracts/canonical.ts';
import type { Account, Config } from '../../core/contracts/config.ts';
import type { SealedAt } from '../../core/contracts/events.ts';
import type { StoredSeal } from '../../core/contracts/http.ts';
import { digest, type AccountId, type Part } from '../../core/contracts/ids.ts';
import { namespaces, type Namespace } from '../../core/contracts/statements.ts';
import { sealedPartDigest } from '../../core/custody/commitment.ts';
import { sealPart } from '../../core/custody/seal.ts';

/** Where sealed parts are kept: ciphertext only. */
export interface Seals {
  put(seal: StoredSeal): Promise<void>;
  highestGeneration(account: AccountId, part: Part): Promise<number>;
}

/** Signs with the worker's key that the config names. */
export type Sign = (message: string, namespace: Namespace) => Promise<string>;

export interface SealingDeps {
  readonly seals: Seals;
  readonly sign: Sign;
}

const custodiansOf = (
  config: Config,
  account: Account,
  part: Part,
): { person: string; recipient: string }[] =>
  account.custody[part].custodians.map((person) => {
    const recipient = config.people[person]?.ageRecipient;
    if (recipient === undefined)
      throw new Error(`the config names no person ${person} for the custody of ${part}`);
    return { person, recipient };
  });

/**
 * Seals one part's next generation to its custodians and stores it, before
 * anybody sets it: a way in must exist before it is needed. A retry takes the
 * next number; the value it abandons stays sealed.
 *
 * @returns where the new generation lies
 */
export const createSealing =
  ({ seals, sign }: SealingDeps) =>
  async (config: Config, id: AccountId, part: Part, secret: string, now: string): Promise<SealedAt> => {
    const account = config.accounts[id];
    if (account === undefined) throw new Error(`the config has no account ${id}`);
    const custodians = custodiansOf(config, account, part);
    const { threshold } = account.custody[part];
    const generation = (await seals.highestGeneration(id, part)) + 1;
    // sealPart opens what it sealed in memory before it answers.
    const sealed = await sealPart({
      account: id,
      part,
      generation,
      secret,
      threshold,
      custodians,
      sealedAt: now,
    });
    const signature = await sign(canonicalize(sealed), namespaces.seal);
    const seal = digest.parse(sealedPartDigest(sealed));
    await seals.put({ sealed, digest: seal, signature });
    return { generation, seal, threshold, custodians: account.custody[part].custodians };
  };
export type Sealing = ReturnType<typeof createSealing>;
