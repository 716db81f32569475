/** One time-skipping server, the real activities on a ledger in memory, and people with real keys. */
import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { encodeSearchAttributeIndexedValueType } from '@temporalio/common/lib/search-attributes.js';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { createActivities } from '../../activities/index.ts';
import type { Configs } from '../../activities/recorder.ts';
import type { Seals } from '../../activities/rotation/sealing.ts';
import { workerDataConverter } from '../../adapters/temporal/dataConverter.ts';
import type { KeyRing } from '../../adapters/temporal/keyRing.ts';
import { createBreakglassClient, type BreakglassClient } from '../../client/temporal.ts';
import type { Json } from '../../core/contracts/canonical.ts';
import type { StoredSeal } from '../../core/contracts/http.ts';
import { accountId, accountOf, type AccountId, type CaseId } from '../../core/contracts/ids.ts';
import type { Envelope } from '../../core/contracts/statements.ts';
import { searchAttributes, taskQueue, type Accepted } from '../../core/contracts/temporal.ts';
import type { AccountState } from '../../core/rules/account/state.ts';
import type { CaseState } from '../../core/rules/case/state.ts';
import { foldAccount, foldCase } from '../../core/rules/streams.ts';
import { newAgeIdentity, recipientOf } from '../../core/custody/age.ts';
import { verifyConfigChain } from '../../core/trust/configChain.ts';
import { build } from '../../dev/build.ts';
import { timeSkippingServer } from '../../dev/fetch/timeSkipping.ts';
import { createMemoryLedger, type MemoryLedger } from '../support/memoryLedger.ts';
import { makeOrg, newNonce, type Name, type Org } from '../support/org.ts';
import { createSimulatedKratos, type SimulatedKratos } from '../support/simulatedKratos.ts';

export interface Harness {
  readonly env: TestWorkflowEnvironment;
  readonly org: Org;
  readonly ledger: MemoryLedger;
  readonly kratos: SimulatedKratos;
  readonly client: BreakglassClient;
  readonly account: AccountId;
  readonly ring: KeyRing;
  /** Now, on the server's clock. */
  now(): Promise<Date>;
  /** A signed statement by a person, with the members every statement has. */
  statement(by: Name, members: Record<string, Json>): Promise<Envelope>;
  toAccount(by: Name, members: Record<string, Json>): Promise<Accepted>;
  toCase(id: CaseId, by: Name, members: Record<string, Json>): Promise<Accepted>;
  caseState(id: CaseId): CaseState;
  accountState(): AccountState;
  /** Lets the server's clock run, skipping what nobody needs. */
  pass(seconds: number): Promise<void>;
  stop(): Promise<void>;
}

export const origin = { ip: '203.0.113.7', userAgent: 'test' };

const createMemorySeals = (): Seals & { readonly kept: StoredSeal[] } => {
  const kept: StoredSeal[] = [];
  return {
    kept,
    put: async (seal) => {
      kept.push(seal);
      return Promise.resolve();
    },
    highestGeneration: async (account, part) =>
      Promise.resolve(
        kept
          .filter((each) => each.sealed.account === account && each.sealed.part === part)
          .reduce((most, each) => Math.max(most, each.sealed.generation), 0),
      ),
  };
};

export const newKeyRing = (): KeyRing => ({
  current: 'test',
  keys: new Map([['test', createSecretKey(randomBytes(32))]]),
});

export const createHarness = async (): Promise<Harness> => {
  const path = await timeSkippingServer(() => undefined);
  const [built] = await build({ only: ['workflow-bundle'] });
  if (built === undefined) throw new Error('the workflow bundle was not built');
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
  });
  await env.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: Object.fromEntries(
      Object.values(searchAttributes).map(({ name, type }) => [
        name,
        encodeSearchAttributeIndexedValueType(type) ?? 0,
      ]),
    ),
  });
  const org = await makeOrg();
  const chain = verifyConfigChain(org.chain, org.digest);
  if (!chain.ok) throw new Error(chain.why);
  const configs: Configs = chain;
  const ledger = createMemoryLedger();
  let offset = 0;
  const clock = (): Date => new Date(Date.now() + offset);
  const syncClock = async (): Promise<Date> => {
    const now = await env.currentTimeMs();
    offset = now - Date.now();
    return new Date(now);
  };
  const kratos = createSimulatedKratos(clock);
  const ring = newKeyRing();
  const activities = createActivities({
    ...{ ledger, configs: () => configs, seals: createMemorySeals(), clock },
    ...{ admin: kratos.admin, login: kratos.login },
    sign: (message, namespace) => org.sign('worker', message, namespace),
  });
  const worker = await Worker.create({
    connection: env.nativeConnection,
    taskQueue,
    workflowBundle: { code: await readFile(built.path, 'utf8') },
    activities,
    dataConverter: workerDataConverter(ring),
  });
  const running = worker.run();
  const client = createBreakglassClient({ connection: env.connection, namespace: 'default', keyRing: ring });
  const account = accountId.parse('acme-eu');

  const statement: Harness['statement'] = async (by, members) => {
    const now = await syncClock();
    return org.seal(by, {
      ...{ v: 1, by, config: org.digest, nonce: newNonce(), signedAt: now.toISOString() },
      expiresAt: new Date(now.getTime() + 3_600_000).toISOString(),
      ...members,
    });
  };
  const caseState: Harness['caseState'] = (id) => {
    const state = foldCase(ledger.rows, id);
    if (state === null) throw new Error(`the ledger has no ${id}`);
    return state;
  };
  return {
    ...{ env, org, ledger, kratos, client, account, ring, now: syncClock, statement, caseState },
    toAccount: async (by, members) =>
      client.submitToAccount(
        account,
        { envelope: await statement(by, { account, ...members }), origin },
        randomUUID(),
      ),
    toCase: async (id, by, members) => {
      // An attestation is about a rotation; everything else is bound to the request.
      const request = members['type'] === 'attestation' ? {} : { request: caseState(id).request.request };
      const about = { case: id, account: accountOf(id), ...request };
      return client.submitToCase(
        id,
        { envelope: await statement(by, { ...about, ...members }), origin },
        randomUUID(),
      );
    },
    accountState: () => foldAccount(ledger.rows, account),
    pass: async (seconds) => {
      await env.sleep(seconds * 1000);
      await syncClock();
    },
    stop: async () => {
      worker.shutdown();
      await running;
      await env.teardown();
      await org.remove();
    },
  };
};

/** Waits, in real time, until the process has done what it does by itself. */
export const eventually = async (what: string, holds: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 200 && !holds(); tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 50));
  if (!holds()) throw new Error(`it never came to this: ${what}`);
};

/** Two owners provision the account; done when the first pair is proven. */
export const provision = async (h: Harness): Promise<void> => {
  await h.toAccount('bob', { type: 'provision' });
  await h.toAccount('carol', { type: 'provision' });
  await eventually('the account is provisioned', () => h.accountState().pair !== null);
};

/** Alice asks for an emergency. */
export const ask = async (h: Harness, kind: 'emergency' | 'drill' = 'emergency'): Promise<CaseId> => {
  const scenario = Object.keys(h.org.data.scenarios)[0] ?? '';
  const conditions = Object.keys(Object.values(h.org.data.scenarios)[0]?.conditions ?? {});
  const accepted = await h.toAccount('alice', {
    ...{ type: 'request', kind, scenario, conditions, reason: 'restore the identity provider' },
    ...{ symptom: 'the sign-in page answers 503', incidentChannel: '#inc-1', expectedMinutes: 20 },
    recipient: await recipientOf(await newAgeIdentity()),
  });
  if (accepted.case === null) throw new Error('the request opened no case');
  return accepted.case;
};

/** Two seniors sign. */
export const approve = async (h: Harness, id: CaseId): Promise<void> => {
  for (const by of ['bob', 'dan'] as const) await h.toCase(id, by, { type: 'approval', role: 'senior' });
};

/** Enough custodians of each part release; ciphertext is opaque to the process. */
export const release = async (h: Harness, id: CaseId): Promise<void> => {
  const { pair, recipient } = h.caseState(id).request;
  for (const [by, part] of [
    ['erin', 'password'],
    ['frank', 'password'],
    ['grace', 'mfa'],
    ['heidi', 'mfa'],
  ] as const) {
    const { generation, seal } = pair[part];
    await h.toCase(id, by, { type: 'release', part, generation, seal, recipient, ciphertext: 'sealed' });
  }
};
