import type { KratosAdmin } from '../../adapters/kratos/index.ts';
import type { Marks } from '../../core/contracts/events.ts';
import { narrow, type Narrowed } from '../../core/rules/account/candidates.ts';
import type { AccountState } from '../../core/rules/account/state.ts';

/** What is looked at to tell one generation from the next; no secret, no credential's config. */
export type MarksAdmin = Pick<
  KratosAdmin,
  'hasIdentity' | 'findIdentity' | 'passwordHashDigest' | 'totpCreatedAt'
>;

/** What is known of the account before Kratos is asked. */
export interface Sought {
  readonly address: string;
  /** The identity of the last rotation that was proven. */
  readonly provisioned: string | null;
  readonly known: NonNullable<AccountState['candidates']>;
}

/** How the account stands before anything is sealed. */
export interface Standing extends Narrowed {
  /** The account's identity; undefined when there is none. */
  readonly identity: string | undefined;
  readonly marks: Marks;
}

/**
 * Finds out which of the named candidates is live. A pending one that has not taken effect is looked at again
 * after a while: the call that an earlier attempt died in may have been on its way.
 *
 * The identity is the one that was provisioned, though its address was changed meanwhile; only where that one is
 * gone, or none was provisioned yet, is it the one that has the address.
 *
 * @param settle - resolves once Kratos has given up what a caller that is gone had asked of it
 * @throws KratosError
 */
export const createNarrowing =
  ({ admin, settle }: { readonly admin: MarksAdmin; readonly settle: () => Promise<void> }) =>
  async ({ address, provisioned, known }: Sought): Promise<Standing> => {
    const look = async (): Promise<Standing> => {
      const identity =
        provisioned !== null && (await admin.hasIdentity(provisioned))
          ? provisioned
          : await admin.findIdentity(address);
      const marks: Marks =
        identity === undefined
          ? { hash: null, totp: null }
          : {
              hash: await admin.passwordHashDigest(identity),
              totp: (await admin.totpCreatedAt(identity)) ?? null,
            };
      return { ...narrow(known, marks), identity, marks };
    };
    const first = await look();
    if (!first.isOpen) return first;
    await settle();
    return look();
  };
