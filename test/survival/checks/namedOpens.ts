/** Trying on the real Kratos every combination of sealed generations that the ledger names. */
import { createKratosAdmin, createKratosLogin } from '../../../adapters/kratos/index.ts';
import { createLedgerReader, createSealStore } from '../../../adapters/postgres/index.ts';
import type { SealedAt } from '../../../core/contracts/events.ts';
import type { AccountId } from '../../../core/contracts/ids.ts';
import { namedOf } from '../../../core/rules/account/candidates.ts';
import type { AccountState } from '../../../core/rules/account/state.ts';
import { foldAccount } from '../../../core/rules/streams.ts';
import type { Stack } from '../../../dev/stack/index.ts';
import { withPool } from '../../whole/checks/database.ts';
import { addressOf, codeOf, openSeal } from '../../whole/checks/outside.ts';
import { usable } from './doors.ts';

/** The account as the ledger's rows leave it. */
export const accountIn = (stack: Stack, account: AccountId): Promise<AccountState> =>
  withPool(stack, async (pool) =>
    foldAccount(await createLedgerReader(pool).rowsOfAccount(account), account),
  );

/** Opens a sealed generation that the ledger names with its custodians' own age keys. A secret. */
export const openGeneration = async (stack: Stack, { seal }: SealedAt): Promise<string> => {
  const stored = await withPool(stack, (pool) => createSealStore(pool).get(seal));
  if (stored === null) throw new Error(`the ledger names the seal ${seal}, which is not stored`);
  return openSeal(stack, stored);
};

/** What the ledger names, and which of it opens the account. */
export interface Named {
  readonly password: readonly number[];
  readonly mfa: readonly number[];
  /** Each combination that opens it: `password 3 + mfa 2`, or `password 3 alone` while there is no second factor. */
  readonly opens: readonly string[];
  /** Where the account's identity is, and by what it can be logged in to; null while there is none. */
  readonly identity: { readonly address: string; readonly credentials: readonly string[] } | null;
}

const outsider = ({ servers }: Stack) =>
  createKratosLogin({
    publicUrl: servers.kratos.publicUrl,
    timeoutMs: 10_000,
    userAgent: 'whoever tries what is named',
  });

/** The account's identity as Kratos has it: at its own address, though somebody moved it there. */
const identityOf = async (stack: Stack, account: AccountId): Promise<Named['identity']> => {
  const admin = createKratosAdmin({ adminUrl: stack.servers.kratos.adminUrl, timeoutMs: 10_000 });
  const { identity } = await accountIn(stack, account);
  const id = identity ?? (await admin.findIdentity(await addressOf(stack, account, 'maya')));
  if (id === undefined) return null;
  const shape = await admin.getIdentityShape(id);
  return { address: String(shape.traits['email']), credentials: usable(shape) };
};

/** Tries each named password, and behind it each named second factor. Every login is logged out again. */
export const tryNamed = async (stack: Stack, account: AccountId): Promise<Named> => {
  const named = (await accountIn(stack, account)).candidates?.named;
  if (named === undefined) throw new Error(`the ledger names no candidates of ${account}`);
  const [passwords, seeds] = [namedOf(named.password), namedOf(named.mfa)];
  const numbers = (of: SealedAt[]): number[] => of.map((each) => each.generation);
  const login = outsider(stack);
  const identity = await identityOf(stack, account);
  const identifier = identity?.address ?? (await addressOf(stack, account, 'maya'));
  const opens: string[] = [];
  for (const password of passwords) {
    const which = `password ${password.generation}`;
    const inside = await login.login({ identifier, password: await openGeneration(stack, password) });
    if (inside.refused) continue;
    const { sessionToken } = inside;
    const alone = await login.whoami(sessionToken);
    if (!alone.refused) opens.push(`${which} alone`);
    else
      for (const mfa of seeds) {
        const code = await codeOf(await openGeneration(stack, mfa));
        const second = await login.loginSecondFactor({ sessionToken, code });
        if (!second.refused && second.aal === 'aal2') opens.push(`${which} + mfa ${mfa.generation}`);
      }
    await login.logout(sessionToken);
  }
  return { password: numbers(passwords), mfa: numbers(seeds), opens, identity };
};

/** Somebody who holds what the ledger names as live logs in with the password, and stays. The token is a secret. */
export const logInWithLive = async (
  stack: Stack,
  account: AccountId,
): Promise<{ readonly sessionToken: string; readonly sessionId: string; readonly password: string }> => {
  const live = (await accountIn(stack, account)).candidates?.named.password.live ?? null;
  if (live === null) throw new Error(`the ledger names no live password of ${account}`);
  const password = await openGeneration(stack, live);
  const identifier = await addressOf(stack, account, 'maya');
  const inside = await outsider(stack).login({ identifier, password });
  if (inside.refused) throw new Error(`kratos refused the live password with ${inside.status}`);
  return { sessionToken: inside.sessionToken, sessionId: inside.sessionId, password };
};

/** What Kratos says to an old password and an old session token: the statuses of its refusals, 200 when it lets in. */
export const tryOld = async (
  stack: Stack,
  account: AccountId,
  old: { readonly password: string; readonly sessionToken: string },
): Promise<{ readonly password: number; readonly session: number }> => {
  const login = outsider(stack);
  const identifier = await addressOf(stack, account, 'maya');
  const password = await login.tryPassword({ identifier, password: old.password });
  const session = await login.whoami(old.sessionToken);
  return {
    password: password.refused ? password.status : 200,
    session: session.refused ? session.status : 200,
  };
};
