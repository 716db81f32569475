/** What surrounds the workflows of one account: the real activities on simulated adapters that fail, sentinel, outbox. */
import type { Acceptance } from '../../adapters/channels/index.ts';
import { createActivities } from '../../activities/index.ts';
import { createRecorder } from '../../activities/recorder.ts';
import type { Seals } from '../../activities/rotation/sealing.ts';
import type { RotationLogin } from '../../activities/rotation/kratos.ts';
import type { StoredSeal } from '../../core/contracts/http.ts';
import { accountId, personId, type Part } from '../../core/contracts/ids.ts';
import type { Message } from '../../core/contracts/ledger.ts';
import type { DeclaredCase } from '../../core/rules/case/state.ts';
import { later } from '../../core/rules/decision.ts';
import { createSightingRecorder } from '../../sentinel/record.ts';
import { createMemoryLedger } from '../support/memoryLedger.ts';
import { createSimulatedKratos } from '../support/simulatedKratos.ts';
import { createCourier, type BrokenCourier } from './courier.ts';
import { claimOf, type Deed, type Situation } from './deeds.ts';
import type { Evidence, Taken, WayIn } from './evidence.ts';
import { createFaults } from './faults.ts';
import type { ChaosOrg } from './org.ts';
import type { Random } from './random.ts';
import { createRowRotation } from './rowRotation.ts';
import { createStates } from './states.ts';
import { createWatcher } from './watcher.ts';
import { namedIn } from './waysIn.ts';

/** Something broken on purpose within the system, so that a checker shows that it looks. */
export type Sabotage =
  | BrokenCourier
  | 'kratos keeps another password'
  | 'a login rings for nobody'
  | 'a login is not recorded'
  | 'a rotation is forgotten'
  | 'an approval nobody signed'
  | 'a secret in a row';

export const account = accountId.parse('acme-eu');

const createSeals = (): Seals & { readonly kept: StoredSeal[] } => {
  const kept: StoredSeal[] = [];
  const generations = (part: Part): number[] =>
    kept.flatMap(({ sealed }) => (sealed.part === part ? [sealed.generation] : []));
  return {
    kept,
    put: (seal) => Promise.resolve(void kept.push(seal)),
    highestGeneration: (_, part) => Promise.resolve(Math.max(0, ...generations(part))),
  };
};

export interface ChaosWorldOptions {
  readonly org: ChaosOrg;
  readonly random: Random;
  /** How many of the adapters' calls fail, from 0 to 1. */
  readonly rate: number;
  /** Whether rotations seal and set for real, or leave only their rows. */
  readonly rotatesForReal: boolean;
  readonly sabotage: Sabotage | null;
  /** The time of whatever runs the workflows. */
  readonly clock: () => Date;
  /** The sentinel has news for the account. */
  readonly wakeAccount: () => Promise<void>;
  /** Something failed and will be tried again. */
  readonly onFailure?: () => void;
}

export const createChaosWorld = (options: ChaosWorldOptions) => {
  const { org, random, rate, rotatesForReal, sabotage, clock } = options;
  const nowText = (): string => clock().toISOString();
  const said: string[] = [];
  const onFailure = (error: unknown): void => {
    said.push(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    options.onFailure?.();
  };
  const faults = createFaults(rate);
  const ledger = createMemoryLedger();
  const kratos = createSimulatedKratos(clock);
  const seals = createSeals();
  const taken: Taken[] = [];
  const secrets = new Set<string>();
  const waysIn: WayIn[] = [];
  const sessions = new Map<string, string>();
  const broken = { isDone: false, login: '' };
  const once = (which: Sabotage): boolean => {
    if (sabotage !== which || broken.isDone) return false;
    broken.isDone = true;
    return true;
  };

  const { config } = org.configs.current;
  const identity = (): Promise<string | undefined> =>
    kratos.admin.findIdentity(config.accounts[account]?.address ?? '');
  const keepSecret = (): void => {
    const { password, seed } = kratos.credential() ?? {};
    for (const each of [password, seed]) if (each != null) secrets.add(each);
  };
  const happened = async (session: string): Promise<void> => {
    watcher.happened({ session, at: nowText() }, (await identity()) ?? 'unknown', random.fork());
  };
  const login: RotationLogin = {
    ...kratos.login,
    login: async (asked) => {
      const outcome = await kratos.login.login(asked);
      if (!outcome.refused) await happened(outcome.sessionId);
      return outcome;
    },
  };
  const admin = {
    ...kratos.admin,
    setPassword: async (id: string, password: string) => {
      const other = once('kratos keeps another password') ? `${password} but another` : password;
      await kratos.admin.setPassword(id, other);
      keepSecret();
    },
    createIdentity: async (asked: Parameters<typeof kratos.admin.createIdentity>[0]) => {
      const made = await kratos.admin.createIdentity(asked);
      keepSecret();
      return made;
    },
  };
  const reached = faults.failing('postgres', ledger);
  const [failingAdmin, failingLogin] = [faults.failing('kratos', admin), faults.failing('kratos', login)];
  const real = createActivities({
    ...{ ledger: reached, configs: () => org.configs, seals: faults.failing('postgres', seals), clock },
    ...{ admin: failingAdmin, login: failingLogin },
    sign: (message, namespace) => Promise.resolve(org.workerSign(message, namespace)),
    settle: () => Promise.resolve(),
  });
  const rotate = createRowRotation({
    ...{ record: createRecorder({ ledger: reached, configs: () => org.configs }), config, now: nowText },
    throughKratos: async () => {
      const address = config.accounts[account]?.address ?? '';
      const password = `a password in memory, ${random.next()}`;
      const before = await failingAdmin.findIdentity(address);
      const traits = { email: address, role: 'admin' };
      const id = before ?? (await failingAdmin.createIdentity({ schemaId: 'default', traits, password }));
      await failingAdmin.setPassword(id, password);
      const session = await failingLogin.login({ identifier: address, password });
      if (session.refused) throw new Error('kratos refused the new password');
      await failingAdmin.endSessions(id);
      return { identity: id, session: session.sessionId };
    },
  });
  const activities = rotatesForReal ? real : { ...real, rotate };
  const channels = faults.failing('channel', {
    send: (channel: string, { id, text, title }: Message): Promise<Acceptance> => {
      taken.push({ id, channel, text: `${title}\n${text}` });
      return Promise.resolve({ acceptedAt: nowText(), detail: `${taken.length}` });
    },
  });
  const courier = createCourier({
    ...{ ledger, reached, faults, channels, clock, isBroken: once },
    say: (line) => void said.push(line),
  });
  const recorder = createSightingRecorder({ ledger: reached, config: () => config, now: clock });
  const watcher = createWatcher({
    ...{ account, config, now: nowText, onFailure, wake: options.wakeAccount },
    recorder: {
      ...recorder,
      recordLogin: (step, sighting, alarm) => {
        if (once('a login is not recorded')) broken.login = sighting.id;
        return broken.login === sighting.id
          ? Promise.resolve({ told: [], concernsProcess: false })
          : recorder.recordLogin(step, sighting, alarm);
      },
    },
    send: async (channel, message) => {
      if (once('a login rings for nobody')) broken.login = message.id;
      if (broken.login !== message.id) await channels.send(channel, message);
    },
  });

  const states = createStates(account, ledger.rows);

  const world = {
    ...{ account, org, ledger, kratos, watcher, faults, random, now: nowText, onFailure },
    activities: faults.failing('worker', activities),
    situation: (): Situation => ({ ...states(), now: nowText() }),
    /** Signs a deed as it stands now. */
    sealed: ({ by, members }: Deed, nonce: string, signer = by) =>
      org.seal(
        {
          ...{ v: 1, by, config: org.configs.current.digest, nonce, signedAt: nowText() },
          ...{ expiresAt: later(nowText(), 3600), account, ...members },
        },
        ...([by, signer] as const),
      ),
    /** The open case's requester logs in, if they have not, and says that the session is theirs. */
    async claim(it: DeclaredCase): Promise<Deed> {
      const session = sessions.get(it.case) ?? kratos.signIn();
      if (!sessions.has(it.case)) await happened(session);
      sessions.set(it.case, session);
      return claimOf(it, session);
    },
    /** Somebody who has the credential logs in and declares nothing. */
    async intrude(): Promise<void> {
      if (kratos.credential() !== null) await happened(kratos.signIn());
    },
    /** Sends what is due; see `isDelivered` for whether anything is left. */
    deliver: (chance: Random): Promise<void> => courier.deliver(chance),
    isDelivered: (): Promise<boolean> => courier.isDone(),
    /** Looks whether what the ledger names opens the account. */
    async lookIn(when: string): Promise<void> {
      const credential = kratos.credential();
      if (credential === null || !rotatesForReal) return;
      const named = namedIn(ledger.rows);
      const opensWith = async (part: Part, secret: string): Promise<boolean> => {
        for (const each of named[part].toReversed()) {
          const seal = seals.kept.find(({ digest }) => digest === each.seal);
          if (seal !== undefined && (await org.open(seal)) === secret) return true;
        }
        return false;
      };
      const { password, seed } = credential;
      const opens =
        (await opensWith('password', password)) && (seed === null || (await opensWith('mfa', seed)));
      const count = (part: Part): number => named[part].length;
      waysIn.push({ when, opens, named: { password: count('password'), mfa: count('mfa') } });
      keepSecret();
    },
    /** Whether the rotation was forgotten by whoever should have run it. */
    forgetsRotation: (): boolean =>
      sabotage === 'a rotation is forgotten' && (states().account.rotation?.cause ?? 'provision') === 'case',
    /** Writes what only a broken process would write. */
    async plant(): Promise<void> {
      const open = states().cases.find(({ phase }) => phase === 'requested');
      const why = `kratos refused ${kratos.credential()?.password ?? ''}`;
      const by = personId.parse('dan');
      const approved = {
        type: 'approved',
        at: nowText(),
        by,
        role: 'senior',
        expiresAt: later(nowText(), 600),
      } as const;
      const isLeak = kratos.credential() !== null && once('a secret in a row');
      const isForgery = open !== undefined && once('an approval nobody signed');
      if (!isLeak && !isForgery) return;
      await ledger.transact(async (tx) => {
        await tx.append({
          ...{
            timestamp: nowText(),
            actor_id: 'breakglass',
            actor_role: 'worker',
            action: 'break_glass_message',
          },
          ...{ resource_type: 'account', resource_id: account, ip_address: null, user_agent: null },
          ...{ result: 'success', case_id: null, nonce: null, key: 'planted' },
          metadata: isForgery ? { events: [{ case: open.case, event: approved }] } : { why },
        });
      });
    },
    /** @param copies - what the workflows believe, by their ids */
    evidence: (isSettled: boolean, copies: ReadonlyMap<string, unknown>): Evidence => ({
      ...{ account, rows: ledger.rows, messages: ledger.messages, taken, logins: watcher.logins(), waysIn },
      ...{ secrets: [...secrets], said, configs: org.configs.configs, config },
      ...{ current: org.configs.current.digest, copies, isSettled },
    }),
  };
  return world;
};
export type ChaosWorld = ReturnType<typeof createChaosWorld>;
