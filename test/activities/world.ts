/** The real activities without workflows: a ledger in memory, a simulated Kratos, people with real keys. */
import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createActivities, type Activities } from '../../activities/index.ts';
import type { Seals, Sign } from '../../activities/rotation/sealing.ts';
import type { Json } from '../../core/contracts/canonical.ts';
import type { StoredSeal } from '../../core/contracts/http.ts';
import { accountId, parts, type AccountId, type CaseId, type RotationId } from '../../core/contracts/ids.ts';
import type { Ledger, Row } from '../../core/contracts/ledger.ts';
import type { Accepted, RotationOutcome } from '../../core/contracts/temporal.ts';
import type { AccountState } from '../../core/rules/account/state.ts';
import { foldAccount, foldCase } from '../../core/rules/streams.ts';
import { newAgeIdentity, recipientOf } from '../../core/custody/age.ts';
import { verifyConfigChain } from '../../core/trust/configChain.ts';
import { createMemoryLedger, type MemoryLedger } from '../support/memoryLedger.ts';
import { newNonce, type Name, type Org } from '../support/org.ts';
import { createSimulatedKratos, type SimulatedKratos } from '../support/simulatedKratos.ts';
import { requestDigestOf } from '../../core/rules/case/state.ts';

export interface World {
  readonly org: Org;
  readonly ledger: MemoryLedger;
  readonly kratos: SimulatedKratos;
  readonly activities: Activities;
  readonly account: AccountId;
  /** Every seal, in the order in which they were stored. */
  readonly seals: readonly StoredSeal[];
  now: Date;
  /** What is thrown instead of beginning a transaction. */
  ledgerTrouble: Error | null;
  /** Called around every call to Kratos and every transaction: what it throws breaks the attempt off there. */
  interrupt: (call: string, when: 'before' | 'after') => void;
  /** How long an attempt waits for calls of an earlier one that were on their way. */
  settle: () => Promise<void>;
  accountState(): AccountState;
  statement(by: Name, members: Record<string, Json>, lifeSeconds?: number): ReturnType<Org['seal']>;
  /** Brings a statement before the account, as an update with this id does. */
  toAccount(by: Name, members: Record<string, Json>, update: string): Promise<Accepted>;
  toCase(id: CaseId, by: Name, members: Record<string, Json>): Promise<Accepted>;
  /** One attempt of a rotation's activity, as a run of its workflow makes it. */
  rotate(rotation: RotationId, run: string, attempt?: number): Promise<RotationOutcome>;
  steps(name: string): Row[];
}

/** What an attempt of a rotation's activity runs in. What it says of failures that are meant is left out. */
export const activityOf = (rotation: RotationId, runId: string, attempt = 1): MockActivityEnvironment =>
  new MockActivityEnvironment(
    { attempt, workflowExecution: { workflowId: rotation, runId } },
    { logger: new DefaultLogger('ERROR') },
  );

export const start = '2026-11-21T08:00:00.000Z';

/**
 * A new ledger and a new Kratos for an organisation.
 *
 * @param sign - how the worker signs seals; with its key when left out
 */
export const createWorld = (
  org: Org,
  sign: Sign = (message, namespace) => org.sign('worker', message, namespace),
): World => {
  const chain = verifyConfigChain(org.chain, org.digest);
  if (!chain.ok) throw new Error(chain.why);
  const ledger = createMemoryLedger();
  const clock = (): Date => world.now;
  const kratos = createSimulatedKratos(clock);
  const kept: StoredSeal[] = [];
  const seals: Seals = {
    put: async (seal) => void kept.push(seal),
    highestGeneration: async (_, part) =>
      Math.max(0, ...kept.filter((each) => each.sealed.part === part).map((each) => each.sealed.generation)),
  };
  const around = async <T>(call: string, work: () => Promise<T>): Promise<T> => {
    world.interrupt(call, 'before');
    const result = await work();
    world.interrupt(call, 'after');
    return result;
  };
  const reached: Ledger = {
    transact: (work) =>
      world.ledgerTrouble === null
        ? around('ledger', () => ledger.transact(work))
        : Promise.reject(world.ledgerTrouble),
  };
  // Looked up at each call, so that a test may put another function in one's place.
  const interruptible = <T extends object>(api: T): T =>
    new Proxy(api, {
      get: (target, name) => (asked: unknown, more: unknown) =>
        around(String(name), () =>
          (Reflect.get(target, name) as (...args: unknown[]) => Promise<unknown>)(asked, more),
        ),
    });
  const activities = createActivities({
    ...{ ledger: reached, configs: () => chain, seals, clock },
    ...{ admin: interruptible(kratos.admin), login: interruptible(kratos.login) },
    settle: () => world.settle(),
    sign,
  });
  const account = accountId.parse('acme-eu');
  const world: World = {
    ...{ org, ledger, kratos, activities, account, seals: kept },
    now: new Date(start),
    ledgerTrouble: null,
    interrupt: () => undefined,
    settle: () => Promise.resolve(),
    accountState: () => foldAccount(ledger.rows, account),
    statement: (by, members, lifeSeconds = 3600) =>
      org.seal(by, {
        ...{ v: 1, by, config: org.digest, nonce: newNonce(), signedAt: world.now.toISOString() },
        expiresAt: new Date(world.now.getTime() + lifeSeconds * 1000).toISOString(),
        ...{ account, ...members },
      }),
    toAccount: async (by, members, update) => {
      const submission = {
        envelope: await world.statement(by, members),
        origin: { ip: null, userAgent: null },
      };
      const key = `account/${account}/update/${update}`;
      const now = world.now.toISOString();
      return (await activities.hearAccount({ id: account, submission, key, now, after: 0 })).accepted;
    },
    toCase: async (id, by, members) => {
      const state = foldCase(ledger.rows, id);
      const request = state === null ? '' : requestDigestOf(state);
      const submission = {
        envelope: await world.statement(by, { case: id, request, ...members }),
        origin: { ip: null, userAgent: null },
      };
      const asked = { id, submission, key: `${id}/update/${newNonce()}`, now: world.now.toISOString() };
      return (await activities.hearCase({ ...asked, after: 0 })).accepted;
    },
    rotate: (rotation, runId, attempt = 1) =>
      activityOf(rotation, runId, attempt).run((it: { rotation: RotationId }) => activities.rotate(it), {
        rotation,
      }),
    steps: (name) =>
      ledger.rows.filter(
        ({ action, metadata }) => action === 'break_glass_rotation' && metadata['step'] === name,
      ),
  };
  return world;
};

/** Two owners sign; the rotation that makes the first pair begins. */
export const provision = async (world: World): Promise<RotationId> => {
  await world.toAccount('quinn', { type: 'provision' }, 'first');
  const { rotation } = await world.toAccount('rosa', { type: 'provision' }, 'second');
  if (rotation === null) throw new Error('no rotation began');
  return rotation;
};

/** Enough custodians keep the shares of the current pair: without that, no case opens. */
const attest = async (world: World): Promise<void> => {
  const { pair, lastRotation } = world.accountState();
  if (pair === null || lastRotation === null) throw new Error('nothing is sealed yet');
  const holders = { password: ['erin', 'frank'], mfa: ['grace', 'heidi'] } as const;
  for (const part of parts) {
    const { generation, seal } = pair[part];
    const about = { rotation: lastRotation.id, case: null, part, generation, seal, keptAt: 'safe' };
    for (const by of holders[part]) await world.toAccount(by, { type: 'attestation', ...about }, newNonce());
  }
};

/** Alice asks for an emergency, of an account whose shares are attested. */
export const request = async (world: World): Promise<CaseId> => {
  await attest(world);
  const accepted = await world.toAccount(
    'alice',
    {
      ...{ type: 'request', kind: 'emergency', scenario: 'sso-down', reason: 'restore it' },
      conditions: Object.keys(world.org.data.scenarios['sso-down'].conditions),
      ...{ symptom: 'it answers 503', incidentChannel: '#inc', expectedMinutes: 20 },
      recipient: await recipientOf(await newAgeIdentity()),
    },
    newNonce(),
  );
  if (accepted.case === null) throw new Error('no case was opened');
  return accepted.case;
};

/** What a workflow would be told of an error: whether trying again may help. */
export const isFinal = (error: unknown): boolean => {
  const thrown = error instanceof ActivityFailure ? error.cause : error;
  return thrown instanceof ApplicationFailure && thrown.nonRetryable === true;
};
