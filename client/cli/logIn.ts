/** The requester's login: native to aal2, claimed at once, the secret off the screen. */
import {
  createKratosLogin,
  type KratosLogin,
  type LoggedIn,
  type Refused,
} from '../../adapters/kratos/index.ts';
import type { CaseId } from '../../core/contracts/ids.ts';
import { secondsLeft, totpCode } from '../../core/custody/secrets.ts';
import type { Context } from './context.ts';
import { CliError, exits, usage } from './exits.ts';
import { createVault, type Held } from './held.ts';
import type { Machine } from './machine.ts';
import type { Credential } from './openShares.ts';

/** In milliseconds, for one request to Kratos. */
export const KRATOS_TIMEOUT = 15_000;

export interface LogIn {
  readonly context: Context;
  readonly machine: Machine;
  readonly id: CaseId;
  readonly held: Held;
  readonly credential: Credential;
  /** Kratos's public address. */
  readonly url: string;
}

/**
 * Logs in, keeps the session's token encrypted, and claims the session.
 *
 * @throws CliError if Kratos refuses, or the claim could not be handed in
 */
export const logIn = async ({ context, machine, id, held, credential, url }: LogIn): Promise<void> => {
  const { out, home } = context;
  const { account, decide, profile } = machine;
  if (account.kind !== 'kratos') throw usage(`--login is for kratos accounts; this is ${account.kind}`);
  const login = createKratosLogin({ publicUrl: url, timeoutMs: KRATOS_TIMEOUT });
  const first = accepted(
    'password',
    await login.login({ identifier: account.address, password: credential.password }),
  );
  const answeredAt = context.now();
  const session = { id: first.sessionId, token: first.sessionToken };
  if (held.old !== null) await createVault(home, profile).write({ ...held, old: { ...held.old, session } });
  // Both at once: the claim stops the bells, and the emergency does not wait for it.
  const [second, claim] = await Promise.allSettled([
    secondFactor(context, login, first.sessionToken, credential.mfa).then((each) => ({
      ...each,
      at: context.now(),
    })),
    decide({
      type: 'claim',
      case: id,
      account: held.account,
      request: held.request,
      session: first.sessionId,
    }),
  ]);
  if (claim.status === 'rejected') {
    out.warn(`session ${first.sessionId} is yours but not claimed: it will ring`);
    out.next(`breakglass claim ${id} --session ${first.sessionId}`);
  }
  if (second.status === 'rejected') throw second.reason;
  const { sessionId, aal, at: aal2At } = second.value;
  const isClaimed = claim.status === 'fulfilled';
  // When Kratos answered each factor, as this machine's clock has it.
  const times = { answeredAt, aal2At };
  out.data({ case: id, session: sessionId, aal, claimed: isClaimed, ...times }, sessionId);
  out.say(`logged in to ${held.account} as ${account.address}, ${aal}`);
  if (claim.status === 'rejected') throw claim.reason;
  out.next(`when you are done: breakglass end ${id} --reason TEXT`);
};

/** A code at the very end of its time may arrive too late: one more try with the next. */
const secondFactor = async (
  { surroundings }: Context,
  login: KratosLogin,
  sessionToken: string,
  seed: string,
): Promise<LoggedIn> => {
  const tryNow = (): Promise<LoggedIn | Refused> =>
    login.loginSecondFactor({ sessionToken, code: totpCode({ seed, at: surroundings.now() }) });
  const once = await tryNow();
  if (!once.refused || once.reason !== 'invalid_code') return accepted('code', once);
  await surroundings.sleep(secondsLeft(surroundings.now()) * 1000);
  return accepted('code', await tryNow());
};

const accepted = (what: string, outcome: LoggedIn | Refused): LoggedIn => {
  if (!outcome.refused) return outcome;
  throw new CliError(
    exits.refused,
    outcome.reason,
    `kratos refused the ${what} (${outcome.status}, ${outcome.reason})`,
  );
};
