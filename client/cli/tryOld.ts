/** Trying the old credential after the rotation: the one proof that it is dead which rests on no server of ours. */
import { createKratosLogin } from '../../adapters/kratos/index.ts';
import type { StatementOf } from '../../core/contracts/statements.ts';
import type { Held } from './held.ts';
import { KRATOS_TIMEOUT } from './logIn.ts';

export type Tried = Pick<StatementOf<'refusals'>, 'password' | 'session'>;

/** What Kratos answers where it does not refuse. */
const NOT_REFUSED = 200;

/**
 * Tries the old password, and the old session where there was one.
 *
 * @param url - Kratos's public address
 * @throws KratosError if it cannot be asked
 */
export const tryOld = async (old: NonNullable<Held['old']>, url: string): Promise<Tried> => {
  const login = createKratosLogin({ publicUrl: url, timeoutMs: KRATOS_TIMEOUT });
  const password = await login.tryPassword({ identifier: old.identifier, password: old.password });
  const session = old.session === null ? null : await login.whoami(old.session.token);
  return {
    password: {
      generation: old.generation,
      // A disabled identity is refused after its password was found right: that proves nothing.
      refused: password.refused && password.reason !== 'identity_disabled',
      status: password.refused ? password.status : NOT_REFUSED,
    },
    session:
      old.session === null || session === null
        ? null
        : {
            session: old.session.id,
            // Asked for a second factor, a session lives.
            refused: session.refused && session.reason === 'no_session',
            status: session.refused ? session.status : NOT_REFUSED,
          },
  };
};
