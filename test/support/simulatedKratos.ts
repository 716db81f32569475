/** Kratos in memory, for tests of workflows on the time-skipping server; the real one is tested elsewhere. */
import { randomUUID } from 'node:crypto';
import type { IdentitySummary, LoggedIn, SessionRecord } from '../../adapters/kratos/index.ts';
import type { RotationAdmin, RotationLogin } from '../../activities/rotation/kratos.ts';
import type { SessionDeps } from '../../activities/sessions.ts';
import { sha256Hex } from '../../core/evidence/digest.ts';

interface Identity {
  readonly id: string;
  email: string;
  password: string;
  seed: string | null;
  totpAt: string | undefined;
}

export interface SimulatedKratos {
  readonly admin: RotationAdmin & SessionDeps['admin'];
  readonly login: RotationLogin;
  readonly active: () => string[];
  /** Somebody signs in with the credential as it is: a session that no rotation made. */
  readonly signIn: () => string;
  /** What opens the identity now. */
  readonly credential: () => { readonly password: string; readonly seed: string | null } | null;
  /** Every look for an identity waits until the promise is fulfilled. */
  holdUntil: Promise<void>;
  /** Makes the next calls of one function fail. */
  readonly failNext: (operation: 'beginTotp', times: number) => void;
  /** The address of every identity. */
  readonly addresses: () => string[];
  /** Somebody changes an identity's address. @returns the one it had */
  readonly changeAddress: (id: string, email: string) => string;
  /** Somebody deletes every identity, with its sessions. */
  readonly deleteIdentities: () => void;
  /** Identities that are no break-glass account's. */
  others: readonly IdentitySummary[];
  /** Makes every call fail until it is set back: Kratos is down. */
  isDown: boolean;
}

const seedOf = (n: number): string => `JBSWY3DPEHPK3PXPJBSWY3DPEHPK3P${'ABCDEFGH'[n % 8]}X`;

/** @param clock - the test server's time */
export const createSimulatedKratos = (clock: () => Date): SimulatedKratos => {
  const identities = new Map<string, Identity>();
  const sessions = new Map<string, { identity: string; active: boolean; at: string }>();
  const enrolments = new Map<string, { identity: string; seed: string }>();
  let made = 0;
  const failing = { beginTotp: 0 };
  const up = (): void => {
    if (simulated.isDown) throw new Error('connect ECONNREFUSED');
  };
  const identity = (id: string): Identity => {
    up();
    const found = identities.get(id);
    if (found === undefined) throw new Error(`no identity ${id}`);
    return found;
  };
  const loggedIn = (session: string, aal: string): LoggedIn => ({
    ...{ refused: false, sessionToken: session, sessionId: session, aal },
    firstMethodAt: sessions.get(session)?.at ?? clock().toISOString(),
  });
  const refused = { refused: true, status: 400, reason: 'invalid_credentials' } as const;
  /** As the real one does: an address is one identity's. */
  const mustBeFree = (email: unknown, of?: Identity): void => {
    if ([...identities.values()].some((each) => each !== of && each.email === email))
      throw Object.assign(new Error('conflict'), { status: 409, retryable: false });
  };
  const end = (id: string): boolean => {
    const session = sessions.get(id);
    if (session !== undefined) session.active = false;
    return session !== undefined;
  };
  const of = (id: string): [string, { identity: string; active: boolean; at: string }][] =>
    [...sessions].filter(([, each]) => each.identity === id);
  const admin: SimulatedKratos['admin'] = {
    findIdentity: async (email) => {
      await simulated.holdUntil;
      up();
      return Promise.resolve([...identities.values()].find((each) => each.email === email)?.id);
    },
    hasIdentity: async (id) => {
      await simulated.holdUntil;
      up();
      return Promise.resolve(identities.has(id));
    },
    createIdentity: async ({ traits, password }) => {
      up();
      mustBeFree(traits.email);
      const id = randomUUID();
      identities.set(id, { id, email: traits.email, password, seed: null, totpAt: undefined });
      return Promise.resolve(id);
    },
    setPassword: async (id, password) => {
      identity(id).password = password;
      return Promise.resolve();
    },
    passwordHashDigest: async (id) => Promise.resolve(sha256Hex(identity(id).password)),
    totpCreatedAt: async (id) => Promise.resolve(identity(id).totpAt),
    deleteTotp: async (id) => {
      const it = identity(id);
      const had = it.seed !== null;
      it.seed = null;
      it.totpAt = undefined;
      return Promise.resolve(had);
    },
    restoreShape: async (id, { traits }) => {
      const it = identity(id);
      mustBeFree(traits['email'], it);
      const isRestored = it.email !== traits['email'];
      it.email = String(traits['email']);
      return Promise.resolve({
        ...{ isRestored, removed: [], leftover: [], missing: [] },
        shape: {
          ...{
            id,
            schemaId: 'default',
            state: 'active',
            traits: { ...traits },
            metadataPublic: null,
            metadataAdmin: null,
          },
          ...{ verifiableAddresses: [], recoveryAddresses: [], credentials: [] },
          ...{ createdAt: clock().toISOString(), updatedAt: clock().toISOString() },
        },
      });
    },
    listAdmins: () => Promise.resolve(simulated.others.filter((each) => each.role === 'admin')),
    listIdentitiesSince: (since) =>
      Promise.resolve(simulated.others.filter((each) => each.createdAt >= since)),
    endSessions: async (id) => {
      identity(id);
      const ended = of(id).filter(([, each]) => each.active);
      for (const [session] of ended) end(session);
      return Promise.resolve(ended.map(([session]) => session));
    },
    listSessions: async (id, filter) => {
      identity(id);
      const wanted = of(id).filter(
        ([, each]) => filter?.active === undefined || each.active === filter.active,
      );
      return Promise.resolve(
        wanted.map(([session, { active, at }]): SessionRecord => ({
          ...{ id: session, active, aal: 'aal2', authenticatedAt: at, issuedAt: at, expiresAt: at },
          ...{ firstMethodAt: at, methods: [], devices: [] },
        })),
      );
    },
    endSession: async (session) => {
      up();
      return Promise.resolve(end(session));
    },
  };
  const login: RotationLogin = {
    login: async ({ identifier, password }) => {
      up();
      const found = [...identities.values()].find(
        (each) => each.email === identifier && each.password === password,
      );
      if (found === undefined) return Promise.resolve(refused);
      const session = randomUUID();
      sessions.set(session, { identity: found.id, active: true, at: clock().toISOString() });
      return Promise.resolve(loggedIn(session, 'aal1'));
    },
    loginSecondFactor: async ({ sessionToken }) => Promise.resolve(loggedIn(sessionToken, 'aal2')),
    beginTotp: async ({ sessionToken }) => {
      up();
      if (failing.beginTotp-- > 0) throw new Error('socket hang up');
      const flowId = randomUUID();
      const seed = seedOf(made++);
      enrolments.set(flowId, { identity: sessions.get(sessionToken)?.identity ?? '', seed });
      return Promise.resolve({ refused: false, flowId, seed });
    },
    confirmTotp: async ({ flowId }) => {
      const enrolment = enrolments.get(flowId);
      if (enrolment === undefined) return Promise.resolve(refused);
      const it = identity(enrolment.identity);
      it.seed = enrolment.seed;
      // Kratos keeps nanoseconds: no two enrolments have the same time.
      it.totpAt = clock()
        .toISOString()
        .replace('Z', `${String(made).padStart(6, '0')}Z`);
      return Promise.resolve({ refused: false });
    },
  };
  const simulated: SimulatedKratos = {
    admin,
    login,
    signIn: () => {
      const [owner] = identities.keys();
      if (owner === undefined) throw new Error('no identity to sign in to');
      const session = randomUUID();
      sessions.set(session, { identity: owner, active: true, at: clock().toISOString() });
      return session;
    },
    credential: () => {
      const [only] = identities.values();
      return only === undefined ? null : { password: only.password, seed: only.seed };
    },
    addresses: () => [...identities.values()].map((each) => each.email),
    failNext: (operation, times) => {
      failing[operation] = times;
    },
    changeAddress: (id, email) => {
      const it = identity(id);
      const had = it.email;
      it.email = email;
      return had;
    },
    deleteIdentities: () => {
      identities.clear();
      sessions.clear();
    },
    active: () => [...sessions].filter(([, each]) => each.active).map(([id]) => id),
    isDown: false,
    others: [],
    holdUntil: Promise.resolve(),
  };
  return simulated;
};
