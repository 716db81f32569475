/** Kratos asked from outside, by somebody who never was part of the process. Nothing returned holds a secret but what says so. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createKratosLogin, type KratosLogin } from '../../../adapters/kratos/index.ts';
import { createSealStore } from '../../../adapters/postgres/index.ts';
import { createVault } from '../../../client/cli/held.ts';
import type { CaseView, StoredSeal } from '../../../core/contracts/http.ts';
import { parts, type AccountId, type Part } from '../../../core/contracts/ids.ts';
import { combineShares, openShare } from '../../../core/custody/open.ts';
import { secondsLeft, totpCode } from '../../../core/custody/secrets.ts';
import { requirePinned } from '../../../client/cli/configPin.ts';
import type { Stack } from '../../../dev/stack/index.ts';
import { withPool } from './database.ts';
import { ageIdentityOf, openHome } from './person.ts';

/** A credential opened from shares. Password and seed are secrets. */
export interface Credential {
  readonly password: string;
  readonly mfa: string;
  readonly generations: Readonly<Record<Part, number>>;
}

/** Every seal of an account, straight from Postgres, newest first. */
const sealsOf = (stack: Stack, account: AccountId): Promise<StoredSeal[]> =>
  withPool(stack, (pool) => createSealStore(pool).byAccount(account));

export const openSeal = async (stack: Stack, { sealed }: StoredSeal): Promise<string> => {
  // The last ones: other people than those whose shares a case uses first.
  const holders = sealed.shares.slice(-sealed.threshold);
  const shares = await Promise.all(
    holders.map(async ({ custodian }) =>
      openShare({ sealed, custodian, identity: await ageIdentityOf(stack, custodian) }),
    ),
  );
  return new TextDecoder().decode(await combineShares({ sealed, shares }));
};

/** Opens the newest sealed generation of each part with the age identities of just enough custodians. */
export const openFromShares = async (stack: Stack, account: AccountId): Promise<Credential> => {
  const seals = await sealsOf(stack, account);
  const newest = (part: Part): StoredSeal => {
    const seal = seals.find(({ sealed }) => sealed.part === part);
    if (seal === undefined) throw new Error(`no ${part} of ${account} is sealed`);
    return seal;
  };
  const [password, mfa] = await Promise.all(parts.map((part) => openSeal(stack, newest(part))));
  if (password === undefined || mfa === undefined)
    throw new Error(`${account} has a part that is not sealed`);
  const generations = {
    password: newest('password').sealed.generation,
    mfa: newest('mfa').sealed.generation,
  };
  return { password, mfa, generations };
};

/** Every password and seed that was ever sealed, abandoned ones too, by part and generation: secrets. */
export const openEverySeal = async (stack: Stack, account: AccountId): Promise<Record<string, string>> => {
  const opened = (await sealsOf(stack, account)).map(
    async (seal) => [`${seal.sealed.part} ${seal.sealed.generation}`, await openSeal(stack, seal)] as const,
  );
  return Object.fromEntries(await Promise.all(opened));
};

/** What the requester's machine holds while the session is open; both are secrets. */
export interface HeldSecrets {
  readonly sessionToken: string;
  readonly oneTimeIdentity: string;
}

/** Reads the requester's encrypted vault with their own age key, as their machine does. */
export const heldByRequester = async (stack: Stack, { by, request }: CaseView): Promise<HeldSecrets> => {
  if (by === null || request === null) throw new Error('nobody asked for this case');
  const { home, profile } = await openHome(stack, by);
  const held = await createVault(home, profile).read(request);
  const sessionToken = held?.old?.session?.token;
  if (held === null || sessionToken === undefined) throw new Error(`${by}'s machine holds no open session`);
  return { sessionToken, oneTimeIdentity: held.oneTimeIdentity };
};

/** One thing tried on Kratos. */
export interface Knock {
  readonly what: 'old password' | 'old totp' | 'old session token' | 'new pair';
  readonly refused: boolean;
  /** Kratos's HTTP status; 200 when it let in. */
  readonly status: number;
  /** Why it refused, or the assurance it gave. */
  readonly said: string;
}

type Outcome =
  | { readonly refused: true; readonly status: number; readonly reason: string }
  | { readonly refused: false; readonly aal?: string };

const knock = (what: Knock['what'], outcome: Outcome): Knock =>
  outcome.refused
    ? { what, refused: true, status: outcome.status, said: outcome.reason }
    : { what, refused: false, status: 200, said: outcome.aal ?? 'let in' };

/** A code that Kratos has time to check. */
export const codeOf = async (seed: string): Promise<string> => {
  const left = secondsLeft(new Date());
  if (left < 3) await sleep(left * 1_000);
  return totpCode({ seed, at: new Date() });
};

export const addressOf = async (stack: Stack, account: AccountId, person: string): Promise<string> => {
  const { current } = await requirePinned((await openHome(stack, person)).home);
  const known = current.config.accounts[account];
  if (known === undefined) throw new Error(`the config has no account ${account}`);
  return known.address;
};

const secondFactors = async (
  login: KratosLogin,
  sessionToken: string,
  old: Credential,
  fresh: Credential,
): Promise<Knock[]> => {
  const withCode = async (what: Knock['what'], seed: string): Promise<Knock> =>
    knock(what, await login.loginSecondFactor({ sessionToken, code: await codeOf(seed) }));
  return [await withCode('old totp', old.mfa), await withCode('new pair', fresh.mfa)];
};

/**
 * After a case: the old password, the old TOTP (behind the new password) and the
 * old session token, then the new pair. The login is an undeclared one, so it
 * rings; it is logged out again.
 *
 * @param fresh - opened from the newest shares
 */
export const tryFromOutside = async (
  stack: Stack,
  account: AccountId,
  old: Credential & { readonly sessionToken: string },
  fresh: Credential,
): Promise<{ readonly knocks: readonly Knock[]; readonly session: string }> => {
  const { publicUrl } = stack.servers.kratos;
  const login = createKratosLogin({ publicUrl, timeoutMs: 10_000, userAgent: 'an outsider' });
  const identifier = await addressOf(stack, account, 'maya');
  const oldPassword = knock('old password', await login.tryPassword({ identifier, password: old.password }));
  const oldSession = knock('old session token', await login.whoami(old.sessionToken));
  const inside = await login.login({ identifier, password: fresh.password });
  if (inside.refused) {
    const knocks = [oldPassword, oldSession, knock('new pair', inside)];
    return { knocks, session: '' };
  }
  const { sessionToken, sessionId } = inside;
  try {
    const factors = await secondFactors(login, sessionToken, old, fresh);
    return { knocks: [oldPassword, oldSession, ...factors], session: sessionId };
  } finally {
    await login.logout(sessionToken);
  }
};
