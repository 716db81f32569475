/** The real activities without workflows: a ledger in memory, a simulated Kratos, people with real keys. */
import { ActivityFailure, ApplicationFailure } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createActivities, type Activities } from '../../activities/index.ts';
import type { Seals } from '../../activities/rotation/sealing.ts';
import type { Json } from '../../core/contracts/canonical.ts';
import type { StoredSeal } from '../../core/contracts/http.ts';
import { accountId, type AccountId, type RotationId } from '../../core/contracts/ids.ts';
import type { Ledger, Row } from '../../core/contracts/ledger.ts';
import type { Accepted, RotationOutcome } from '../../core/contracts/temporal.ts';
import type { AccountState } from '../../core/rules/account/state.ts';
import { foldAccount } from '../../core/rules/streams.ts';
import { verifyConfigChain } from '../../core/trust/configChain.ts';
import { createMemoryLedger, type MemoryLedger } from '../support/memoryLedger.ts';
import { makeOrg, newNonce, type Name, type Org } from '../support/org.ts';
import { createSimulatedKratos, type SimulatedKratos } from '../support/simulatedKratos.ts';

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
  accountState(): AccountState;
  statement(by: Name, members: Record<string, Json>, lifeSeconds?: number): ReturnType<Org['seal']>;
  /** Brings a statement before the account, as an update with this id does. */
  toAccount(by: Name, members: Record<string, Json>, update: string): Promise<Accepted>;
  /** One attempt of a rotation's activity, as a run of its workflow makes it. */
  rotate(rotation: RotationId, run: string, attempt?: number): Promise<RotationOutcome>;
  steps(name: string): Row[];
}

export const start = '2026-11-21T08:00:00.000Z';

export const createWorld = async (): Promise<World> => {
  const org = await makeOrg();
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
  const reached: Ledger = {
    transact: (work) =>
      world.ledgerTrouble === null ? ledger.transact(work) : Promise.reject(world.ledgerTrouble),
  };
  const activities = createActivities({
    ...{ ledger: reached, configs: () => chain, seals, clock },
    ...{ admin: kratos.admin, login: kratos.login },
    sign: (message, namespace) => org.sign('worker', message, namespace),
  });
  const account = accountId.parse('acme-eu');
  const world: World = {
    ...{ org, ledger, kratos, activities, account, seals: kept },
    now: new Date(start),
    ledgerTrouble: null,
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
    rotate: (rotation, runId, attempt = 1) =>
      new MockActivityEnvironment({
        attempt,
        workflowExecution: { workflowId: rotation, runId },
      }).run(activities.rotate, { rotation }),
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

/** What a workflow would be told of an error: whether trying again may help. */
export const isFinal = (error: unknown): boolean => {
  const thrown = error instanceof ActivityFailure ? error.cause : error;
  return thrown instanceof ApplicationFailure && thrown.nonRetryable === true;
};
