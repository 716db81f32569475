import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { KratosError, type KratosAdmin } from '../adapters/kratos/index.ts';
import { writeWhole } from '../adapters/wholeFile.ts';
import type { Config } from '../core/contracts/config.ts';
import { accountId, type AccountId } from '../core/contracts/ids.ts';

const file = z.strictObject({ identities: z.record(z.uuid(), accountId) });

/** Whose an identity is. */
export type Whose =
  | { readonly account: AccountId }
  /** An identity of Kratos that is no break-glass account, or none at all. */
  | { readonly account: null; readonly isKnownToKratos: boolean };

/** Which identity is which account, kept on this machine's disk, so that a login is known with Kratos down. */
export interface Identities {
  /** By the index alone; undefined on a miss. */
  accountOf(identity: string): AccountId | undefined;
  /** Every identity of the index with its account. */
  all(): [string, AccountId][];
  /**
   * By the index, and on a miss by Kratos, once for each identity until the next `refresh`.
   *
   * @throws KratosError when Kratos could not be asked
   */
  find(identity: string): Promise<Whose>;
  /** Learns the identities of all accounts from Kratos. @throws KratosError */
  refresh(): Promise<void>;
}

const isMissing = (error: unknown): boolean =>
  error instanceof KratosError && (error.status === 404 || error.status === 400);

/** Opens the index; one that cannot be read is begun anew, for Kratos can tell it again. */
export const openIdentities = async (deps: {
  readonly folder: string;
  readonly kratos: Pick<KratosAdmin, 'findIdentity' | 'getIdentityShape'>;
  readonly config: () => Config;
}): Promise<Identities> => {
  const { folder, kratos, config } = deps;
  const path = join(folder, 'identities.json');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const index = await load(path);
  const strangers = new Map<string, Whose>();
  const asking = new Map<string, Promise<Whose>>();
  let saving = Promise.resolve();

  const addresses = (): [AccountId, string][] =>
    Object.entries(config().accounts).flatMap(([id, account]) =>
      account.kind === 'kratos' ? [[accountId.parse(id), account.address.toLowerCase()]] : [],
    );

  /** Never forgotten: whoever is inside may change the identity's address, and it must still ring. */
  const learn = async (identity: string, account: AccountId): Promise<void> => {
    if (index.get(identity) === account) return;
    index.set(identity, account);
    saving = saving.catch(() => undefined).then(() => writeWhole(path, textOf(index)));
    await saving;
  };

  const ask = async (identity: string): Promise<Whose> => {
    const shape = await kratos.getIdentityShape(identity).catch((error: unknown) => {
      if (isMissing(error)) return null;
      throw error;
    });
    const names = [
      shape?.traits['email'],
      ...(shape?.credentials ?? []).flatMap((each) => each.identifiers),
    ].flatMap((each) => (typeof each === 'string' ? [each.toLowerCase()] : []));
    const found = addresses().find(([, address]) => names.includes(address));
    if (found === undefined) return { account: null, isKnownToKratos: shape !== null };
    await learn(identity, found[0]);
    return { account: found[0] };
  };

  return {
    accountOf: (identity) => index.get(identity),
    all: () => [...index],
    async find(identity) {
      const account = index.get(identity);
      if (account !== undefined) return { account };
      const before = strangers.get(identity);
      if (before !== undefined) return before;
      const question = asking.get(identity) ?? ask(identity).finally(() => asking.delete(identity));
      asking.set(identity, question);
      const whose = await question;
      if (whose.account === null) strangers.set(identity, whose);
      return whose;
    },
    async refresh() {
      strangers.clear();
      for (const [account, address] of addresses()) {
        const identity = await kratos.findIdentity(address);
        if (identity !== undefined) await learn(identity, account);
      }
    },
  };
};

const load = async (path: string): Promise<Map<string, AccountId>> => {
  try {
    return new Map(Object.entries(file.parse(JSON.parse(await readFile(path, 'utf8'))).identities));
  } catch {
    return new Map();
  }
};

const textOf = (index: ReadonlyMap<string, AccountId>): string =>
  JSON.stringify({ identities: Object.fromEntries(index) }, null, 2);
