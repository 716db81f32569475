/** One time-skipping server, the real activities on a ledger in memory, and people with real keys. */
import { randomUUID } from 'node:crypto';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { GracefulShutdownPeriodExpiredError, Worker } from '@temporalio/worker';
import { createActivities } from '../../activities/index.ts';
import type { Configs } from '../../activities/recorder.ts';
import type { Seals } from '../../activities/rotation/sealing.ts';
import type { KeyRing } from '../../adapters/temporal/keyRing.ts';
import { createBreakglassClient, type BreakglassClient } from '../../client/temporal.ts';
import type { Json } from '../../core/contracts/canonical.ts';
import type { StoredSeal } from '../../core/contracts/http.ts';
import { accountId, accountOf, type AccountId, type CaseId } from '../../core/contracts/ids.ts';
import type { Sighting } from '../../core/contracts/events.ts';
import type { Ledger, Row } from '../../core/contracts/ledger.ts';
import type { Envelope } from '../../core/contracts/statements.ts';
import { taskQueue, type Accepted } from '../../core/contracts/temporal.ts';
import type { AccountState } from '../../core/rules/account/state.ts';
import { requestDigestOf, type CaseState } from '../../core/rules/case/state.ts';
import { foldAccount, foldCase } from '../../core/rules/streams.ts';
import { verifyConfigChain } from '../../core/trust/configChain.ts';
import { createSightingRecorder } from '../../sentinel/record.ts';
import { createMemoryLedger, type MemoryLedger } from '../support/memoryLedger.ts';
import { makeOrg, newNonce, yamlOf, type ConfigData, type Name, type Org } from '../support/org.ts';
import { createSimulatedKratos, type SimulatedKratos } from '../support/simulatedKratos.ts';
import { newKeyRing, startServer, workflowsOn } from './server.ts';

/** Switches for what may be away. */
export interface Outages {
  /** The ledger: every transaction fails. */
  ledger: boolean;
  /** Milliseconds of the wall that each transaction takes longer. */
  slowness: number;
}

/** A config's data to be changed: an account may become of another kind. */
type ChangedConfig = Omit<ConfigData, 'accounts'> & {
  accounts: Record<string, unknown>;
  deadlines?: Record<string, number>;
};

export interface Harness {
  readonly env: TestWorkflowEnvironment;
  readonly org: Org;
  readonly ledger: MemoryLedger;
  readonly kratos: SimulatedKratos;
  readonly client: BreakglassClient;
  readonly account: AccountId;
  readonly ring: KeyRing;
  readonly away: Outages;
  /** Now, on the server's clock. */
  now(): Promise<Date>;
  /** A signed statement by a person, with the members every statement has. */
  statement(by: Name, members: Record<string, Json>): Promise<Envelope>;
  toAccount(by: Name, members: Record<string, Json>): Promise<Accepted>;
  toCase(id: CaseId, by: Name, members: Record<string, Json>): Promise<Accepted>;
  caseState(id: CaseId): CaseState;
  accountState(): AccountState;
  /** Rows of a case, by what they report. */
  rowsOf(id: CaseId, action: Row['action']): Row[];
  /** Lets the server's clock run, skipping what nobody needs. */
  pass(seconds: number): Promise<void>;
  /** The sentinel saw a login: its row is written, then the account is woken. */
  see(session: string, more?: Partial<Sighting>): Promise<Sighting>;
  /** A changed config comes into force, signed by two admins; statements are signed under it from now on. */
  putInForce(change: (data: ChangedConfig) => void): Promise<void>;
  /** Replays the history of the account, each case and each rotation; gives those that the same code refuses. */
  notReplayable(): Promise<string[]>;
  /** Another worker, which remembers no workflow: it replays what it is asked for. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** More than any run of a test has: on a real server, what continues as new was asked to. */
export const manyEvents = 10_000;

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

/**
 * @param runsOfEvents - how many events a run may have before it is to continue as new; on a real server then
 * @param ring - whoever changes it restarts the worker afterwards
 */
export const createHarness = async (
  runsOfEvents: number | null = null,
  ring: KeyRing = newKeyRing(),
): Promise<Harness> => {
  const env = await startServer(runsOfEvents);
  const org = await makeOrg();
  const signed = [...org.chain];
  const chain = verifyConfigChain(org.chain, org.digest);
  if (!chain.ok) throw new Error(chain.why);
  let configs: Configs = chain;
  const ledger = createMemoryLedger();
  const away: Outages = { ledger: false, slowness: 0 };
  const reached: Ledger = {
    transact: async (work) => {
      if (away.ledger) throw new Error('the ledger is away');
      await new Promise((resolve) => setTimeout(resolve, away.slowness));
      return ledger.transact(work);
    },
  };
  let offset = 0;
  const clock = (): Date => new Date(Date.now() + offset);
  const syncClock = async (): Promise<Date> => {
    const now = await env.currentTimeMs();
    offset = now - Date.now();
    return new Date(now);
  };
  const kratos = createSimulatedKratos(clock);
  const activities = createActivities({
    ...{ ledger: reached, configs: () => configs, seals: createMemorySeals(), clock },
    ...{ admin: kratos.admin, login: kratos.login, settle: () => Promise.resolve() },
    sign: (message, namespace) => org.sign('worker', message, namespace),
  });
  const replayed = await workflowsOn(ring);
  const startWorker = async () => {
    const worker = await Worker.create({
      connection: env.nativeConnection,
      taskQueue,
      ...replayed,
      activities,
      shutdownForceTime: '30s',
    });
    const running = worker.run();
    return async (): Promise<void> => {
      worker.shutdown();
      await running.catch((error: unknown) => {
        // What it did not end in time ends with the server that it belongs to.
        if (!(error instanceof GracefulShutdownPeriodExpiredError)) throw error;
      });
    };
  };
  let stopWorker = await startWorker();
  const client = createBreakglassClient({ connection: env.connection, namespace: 'default', keyRing: ring });
  const account = accountId.parse('acme-eu');

  const statement: Harness['statement'] = async (by, members) => {
    const now = await syncClock();
    return org.seal(by, {
      ...{ v: 1, by, config: configs.current.digest, nonce: newNonce(), signedAt: now.toISOString() },
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
    ...{ env, org, ledger, kratos, client, account, ring, away, now: syncClock, statement, caseState },
    toAccount: async (by, members) =>
      client.submitToAccount(
        account,
        { envelope: await statement(by, { account, ...members }), origin },
        randomUUID(),
      ),
    toCase: async (id, by, members) => {
      // An attestation is about a rotation, a stop about whatever goes on; everything else is bound to the request.
      const isUnbound = members['type'] === 'attestation' || members['type'] === 'stop';
      const request = isUnbound ? {} : { request: requestDigestOf(caseState(id)) };
      const about = { case: id, account: accountOf(id), ...request };
      return client.submitToCase(
        id,
        { envelope: await statement(by, { ...about, ...members }), origin },
        randomUUID(),
      );
    },
    accountState: () => foldAccount(ledger.rows, account),
    rowsOf: (id, action) =>
      ledger.rows.filter(
        (row) =>
          row.action === action &&
          (row.case_id === id ||
            (row.metadata.events ?? []).some((each) => 'case' in each && each.case === id)),
      ),
    see: async (session, more) => {
      const at = (await syncClock()).toISOString();
      const identity = foldAccount(ledger.rows, account).identity ?? 'unknown';
      const sighting: Sighting = {
        ...{ id: randomUUID(), account, identity, session, aal: 'aal2', method: 'totp' },
        ...{ ip: '198.51.100.4', userAgent: 'browser', at, source: 'kratos-hook' },
        ...more,
      };
      const config = () => configs.current.config;
      await createSightingRecorder({ ledger, config, now: clock }).recordLogin('aal2', sighting, null);
      await client.wakeAccount(account);
      return sighting;
    },
    putInForce: async (change) => {
      // Each has another name, so that none has the digest of an earlier one.
      const data: ChangedConfig = { ...structuredClone(org.data), organisation: `Acme ${signed.length}` };
      change(data);
      signed.push(await org.accept(yamlOf(data), configs.current.digest, ['bob', 'carol']));
      const next = verifyConfigChain(signed, org.digest);
      if (!next.ok) throw new Error(next.why);
      configs = next;
    },
    pass: async (seconds) => {
      await env.sleep(seconds * 1000);
      await syncClock();
    },
    notReplayable: async () => {
      const events = ledger.rows.flatMap((row) => row.metadata.events ?? []);
      const ids = events.flatMap((each): string[] =>
        'case' in each ? [each.case] : 'rotation' in each.event ? [each.event.rotation] : [],
      );
      const histories = [...new Set([`account/${account}`, ...ids])].map(async (workflowId) => ({
        workflowId,
        history: await client.raw.workflow.getHandle(workflowId).fetchHistory(),
      }));
      const failed: string[] = [];
      for await (const { workflowId, error } of Worker.runReplayHistories(
        replayed,
        await Promise.all(histories),
      ))
        if (error !== undefined) failed.push(`${workflowId}: ${error.message}`);
      return failed;
    },
    restart: async () => {
      await stopWorker();
      stopWorker = await startWorker();
    },
    stop: async () => {
      await stopWorker();
      await env.teardown();
      await org.remove();
    },
  };
};
