import { z } from 'zod';
import type { KratosAdmin, RestoredShape } from '../../adapters/kratos/index.ts';
import { finalFailure } from '../final.ts';

type ShapeAdmin = Pick<KratosAdmin, 'restoreShape' | 'findIdentity' | 'endSessions' | 'setPassword'>;

/** What an identity is to be again. */
interface Provisioned {
  readonly traits: { readonly email: string; readonly role: string };
  /** The one that is set already. */
  readonly password: string;
}

/** What the adapter throws when another identity has what this one is to be given. */
const conflict = z.object({ status: z.literal(409) });

/**
 * Gives the account's identity its provisioned shape back. Where another identity has taken its address meanwhile, its
 * sessions are ended, and people must decide what becomes of the other: no retry helps, so the rotation fails and rings.
 * Until it had ended, a session may have set a password of its own: ours is set again.
 *
 * @throws ApplicationFailure `AddressTaken`, not to be retried; KratosError
 */
export const createRestoring =
  (admin: ShapeAdmin) =>
  async (identity: string, { traits, password }: Provisioned): Promise<RestoredShape> => {
    try {
      return await admin.restoreShape(identity, { traits });
    } catch (error) {
      if (!conflict.safeParse(error).success) throw error;
      await admin.endSessions(identity);
      await admin.setPassword(identity, password);
      const other = (await admin.findIdentity(traits.email)) ?? 'unknown';
      throw finalFailure(
        `the address ${traits.email} was taken from the account’s identity ${identity} and given to the identity ${other}: ` +
          `find out who did so, delete that one or give it another address in Kratos, then rotate again`,
        'AddressTaken',
      );
    }
  };
