/** The demo's people on real servers: they sign within this process, post to the api and log in on Kratos. */
import { randomBytes } from 'node:crypto';
import { createKratosLogin } from '../../../adapters/kratos/index.ts';
import { requirePinned } from '../../../client/cli/configPin.ts';
import { tryOld } from '../../../client/cli/tryOld.ts';
import { canonicalize } from '../../../core/contracts/canonical.ts';
import type { AccountId, CaseId } from '../../../core/contracts/ids.ts';
import { namespaces, type Envelope } from '../../../core/contracts/statements.ts';
import { newAgeIdentity, recipientOf } from '../../../core/custody/age.ts';
import type { CaseState, DeclaredCase } from '../../../core/rules/case/state.ts';
import type { Stack } from '../../../dev/stack/index.ts';
import type { Cast } from '../../../dev/stack/play.ts';
import { openGeneration } from '../../survival/checks/namedOpens.ts';
import { createQuickSigner, type QuickSigner } from '../../support/quickSigner.ts';
import { newNonce } from '../../support/org.ts';
import { codeOf } from '../../whole/checks/outside.ts';
import { openHome } from '../../whole/checks/person.ts';
import { claimOf, type Deed, type Players } from '../deeds.ts';
import { persevere } from './entering.ts';

/** In milliseconds: a person sends again what was not answered. */
const patience = 20_000;

/** What a requester's machine holds of the case. Password and token are secrets. */
interface Held {
  readonly identifier: string;
  readonly password: string;
  readonly generation: number;
  readonly session: { readonly id: string; readonly token: string };
  isLifted: boolean;
}

export const createPeople = async (stack: Stack, account: AccountId, { requester, owners }: Cast) => {
  const trust = await requirePinned((await openHome(stack, requester)).home);
  const { config, digest } = trust.current;
  const terms = config.accounts[account];
  if (terms?.kind !== 'kratos') throw new Error(`${account} is no account on Kratos`);
  const everybody = Object.keys(config.people);
  const signers = new Map<string, QuickSigner>();
  for (const person of everybody)
    signers.set(person, await createQuickSigner((await openHome(stack, person)).profile.sshKey));
  const url = stack.servers.kratos.publicUrl;
  const login = createKratosLogin({ publicUrl: url, timeoutMs: 10_000, userAgent: 'the requester' });
  const held = new Map<CaseId, Held>();
  const logins: { readonly asked: number; readonly had: number | null }[] = [];
  /** Asks Kratos for a session. What it refuses leaves none, and no hook. */
  const logIn = async (password: string): ReturnType<typeof login.login> => {
    const asked = Date.now();
    try {
      const first = await login.login({ identifier: terms.address, password });
      if (!first.refused) logins.push({ asked, had: Date.now() });
      return first;
    } catch (error) {
      logins.push({ asked, had: null });
      throw error;
    }
  };

  const players: Players = {
    ...{ requesters: terms.principals, owners, role: terms.quorum.role },
    approvers: everybody.filter((each) =>
      config.people[each as keyof typeof config.people]?.roles.includes(terms.quorum.role),
    ),
    request: {
      ...{ kind: 'emergency', scenario: 'sso-down', reason: 'restore it', symptom: 'it answers 503' },
      conditions: Object.keys(config.scenarios['sso-down']?.conditions ?? {}),
      ...{ incidentChannel: '#inc', expectedMinutes: 20 },
      recipient: await recipientOf(await newAgeIdentity()),
    },
  };

  return {
    ...{ players, everybody, config, configs: trust.configs, current: digest, identifier: terms.address },
    /** When somebody asked Kratos for a session, and when they had it; null when it did not answer. */
    logins,
    /** Signed as it stands now. @param signer - whose key signs */
    sealed: ({ by, members }: Deed, signer = by): Envelope => {
      const sign = signers.get(signer);
      if (sign === undefined) throw new Error(`${signer} has no key`);
      const signedAt = new Date();
      const expiresAt = new Date(signedAt.getTime() + 600_000).toISOString();
      const statement = canonicalize({
        ...{ v: 1, by, config: digest, nonce: newNonce(), signedAt: signedAt.toISOString(), expiresAt },
        ...{ account, ...members },
      });
      return { statement, signature: sign(statement, namespaces.decision) };
    },
    /** @returns the api's status; null when it did not answer */
    post: async (envelope: Envelope, key = randomBytes(16).toString('hex')): Promise<number | null> => {
      try {
        const answer = await fetch(`${stack.origin}/v1/statements`, {
          ...{ method: 'POST', body: JSON.stringify(envelope), signal: AbortSignal.timeout(patience) },
          headers: { 'content-type': 'application/json', 'idempotency-key': key },
        });
        await answer.body?.cancel();
        return answer.status;
      } catch {
        return null;
      }
    },
    /**
     * The requester logs in with what the case's pair names, as far as they have not, and says that it is them.
     *
     * @returns the claim, and whether this made it to aal2; null when Kratos refuses the password
     */
    enter: async (it: DeclaredCase): Promise<{ readonly claim: Deed; readonly isIn: boolean } | null> => {
      const { pair } = it.opening;
      let mine = held.get(it.case);
      if (mine === undefined) {
        const password = await openGeneration(stack, pair.password);
        const first = await logIn(password);
        if (first.refused) return null;
        const session = { id: first.sessionId, token: first.sessionToken };
        const { generation } = pair.password;
        mine = { identifier: terms.address, password, generation, session, isLifted: false };
        held.set(it.case, mine);
      }
      const claim = claimOf(it, mine.session.id);
      if (mine.isLifted) return { claim, isIn: true };
      const { token } = mine.session;
      mine.isLifted = await persevere(async () => {
        const code = await codeOf(await openGeneration(stack, pair.mfa));
        const second = await login.loginSecondFactor({ sessionToken: token, code });
        return !second.refused && second.aal === 'aal2';
      });
      return { claim, isIn: mine.isLifted };
    },
    /** Somebody has what the case's seals hold, logs in, and declares nothing. @returns whether Kratos let them in */
    intrude: async ({ opening: { pair } }: DeclaredCase): Promise<boolean> =>
      !(await logIn(await openGeneration(stack, pair.password))).refused,
    /** What the requester's machine finds of the old credential, as the members of their statement. */
    tried: async (it: CaseState): Promise<Deed['members']> => {
      const mine = held.get(it.case);
      if (mine === undefined) {
        const { pair } = it.opening;
        const password = await openGeneration(stack, pair.password);
        const old = { identifier: terms.address, password, generation: pair.password.generation };
        return { ...(await tryOld({ ...old, session: null }, url)) };
      }
      return { ...(await tryOld(mine, url)) };
    },
  };
};
export type People = Awaited<ReturnType<typeof createPeople>>;
