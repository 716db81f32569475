/** The api in process: real keys, real rules, a ledger in memory; only Temporal is left out. */
import { ApplicationFailure } from '@temporalio/common';
import { createDecisionActivities } from '../../activities/decisions.ts';
import { createRecorder } from '../../activities/recorder.ts';
import { createApi } from '../../api/app.ts';
import type { Look } from '../../api/examine.ts';
import type { ApiDeps, DecisionProcess, Limits, Reader } from '../../api/deps.ts';
import { RefusedByProcess } from '../../client/errors.ts';
import { canonicalize, type Json } from '../../core/contracts/canonical.ts';
import type { Pair, SealedAt } from '../../core/contracts/events.ts';
import type { RefusalCode } from '../../core/contracts/failures.ts';
import type { SignedConfig, StoredSeal } from '../../core/contracts/http.ts';
import { challengeResponse, tokenResponse } from '../../core/contracts/http.ts';
import {
  accountId,
  caseId,
  digest,
  parts,
  rotationId,
  type Digest,
  type Part,
} from '../../core/contracts/ids.ts';
import type { Row, StreamEvent } from '../../core/contracts/ledger.ts';
import { namespaces, type Envelope } from '../../core/contracts/statements.ts';
import type { Accepted } from '../../core/contracts/temporal.ts';
import { sealedPartDigest } from '../../core/custody/commitment.ts';
import { sealPart } from '../../core/custody/seal.ts';
import { verifyConfigChain } from '../../core/trust/configChain.ts';
import { statementDigest } from '../../core/trust/envelope.ts';
import { createMemoryLedger, type MemoryLedger } from '../support/memoryLedger.ts';
import { makeOrg, newNonce, type Name, type Org } from '../support/org.ts';

export const account = accountId.parse('acme-eu');
export const theCase = caseId.parse('case/acme-eu/2026-11-21-01');
export const origin = 'http://127.0.0.1:7400';
const start = '2026-11-21T10:00:00.000Z';
/** An address of the documentation block (RFC 5737). */
export const address = '192.0.2.7';

export interface Harness {
  readonly org: Org;
  readonly ledger: MemoryLedger;
  /** Update ids that reached the process, in order. */
  readonly updates: readonly string[];
  readonly log: readonly unknown[];
  /** What is behind the api, as a test puts it there. */
  readonly looks: Look[];
  readonly flush: () => Promise<void>;
  /** The clock: the api reads it at each step. */
  now(): string;
  advance(seconds: number): void;
  /** Replaces the chain on disk. */
  adopt(chain: readonly SignedConfig[]): void;
  /** Replaces where decisions go, or what is read; null goes back. */
  breakDown(broken: Partial<Pick<ApiDeps, 'process' | 'reader' | 'runs'>> | null): void;
  request(path: string, init?: RequestInit, ip?: string): Promise<Response>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
  challenge(person: string): Promise<string>;
  token(by: Name): Promise<string>;
  get(by: Name, path: string): Promise<Response>;
  /** A decision with the members every statement has. */
  sealed(by: Name, members: Record<string, Json>): Promise<Envelope>;
  submit(envelope: unknown, key?: string): Promise<Response>;
  /** Provisions the account; while its custodians have not attested, it opens no case. */
  provision(custodiansAttest?: boolean): Promise<void>;
  /** Walks a case of alice's to this phase. */
  walk(to: 'requested' | 'authorised' | 'released'): Promise<void>;
  pair(): Pair;
  remove(): Promise<void>;
}

/** @param given.org - to be shared by several; whoever made it removes it */
export async function makeHarness(
  given: { limits?: Limits; org?: Org; proxies?: readonly string[] } = {},
): Promise<Harness> {
  const { limits } = given;
  const org = given.org ?? (await makeOrg(origin));
  const ledger = createMemoryLedger();
  const clock = { now: start };
  const now = (): string => clock.now;
  const log: unknown[] = [];
  const looks: Look[] = [];
  const updates: string[] = [];
  let chain = org.chain;
  let broken: Parameters<Harness['breakDown']>[0] = null;
  const seals = new Map<Digest, StoredSeal>();
  let pair: Pair | undefined;

  const configs: ApiDeps['configs'] = () => {
    const verified = verifyConfigChain(chain, org.digest);
    if (!verified.ok) throw new Error(verified.why);
    return { ...verified, chain };
  };
  const process = processOver(ledger, configs, now, updates);
  const reader = readerOver(ledger);
  const note = (details: object, message: string): void => void log.push({ ...details, message });
  const { app, flush } = createApi({
    now,
    configs,
    ledger,
    reader: redirected(reader, () => broken?.reader),
    process: redirected(process, () => broken?.process),
    // There is no Temporal here, so it holds nothing.
    runs: redirected<ApiDeps['runs']>({ runsOf: async () => [] }, () => broken?.runs),
    seals: { get: async (wanted) => seals.get(wanted) ?? null },
    log: { info: note, warn: note, error: note },
    looks,
    ...(limits === undefined ? {} : { limits }),
    ...(given.proxies === undefined ? {} : { proxies: given.proxies }),
  });

  const request: Harness['request'] = async (path, init, ip = address) =>
    app.request(path, init, { incoming: { socket: { remoteAddress: ip } } });
  const post: Harness['post'] = (path, body, headers = {}) =>
    request(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const challenge: Harness['challenge'] = async (person) =>
    challengeResponse.parse(await (await post('/v1/challenges', { person })).json()).challenge;
  const token: Harness['token'] = async (by) => {
    const statement = await challenge(by);
    const signature = await org.sign(by, statement, namespaces.signIn);
    return tokenResponse.parse(await (await post('/v1/tokens', { statement, signature })).json()).token;
  };
  const get: Harness['get'] = async (by, path) =>
    request(path, { headers: { authorization: `Bearer ${await token(by)}` } });
  const sealed: Harness['sealed'] = (by, members) =>
    org.seal(by, {
      ...{ v: 1, by, config: org.digest, nonce: newNonce(), signedAt: now() },
      ...{ expiresAt: new Date(Date.parse(now()) + 3_600_000).toISOString(), ...members },
    });
  const submit: Harness['submit'] = (envelope, key = newNonce()) =>
    post('/v1/statements', envelope, { 'idempotency-key': key });
  const must = async (by: Name, members: Record<string, Json>): Promise<Envelope> => {
    const envelope = await sealed(by, members);
    const response = await submit(envelope);
    if (response.status !== 200) throw new Error(await response.text());
    return envelope;
  };

  const provision: Harness['provision'] = async (custodiansAttest = true) => {
    const sealOne = async (part: Part): Promise<SealedAt> => {
      const { threshold, custodians } = org.data.accounts['acme-eu'].custody[part];
      const content = await sealPart({
        ...{ account, part, generation: 1, secret: 'a secret nobody reads', threshold, sealedAt: start },
        custodians: custodians.map((person) => ({
          person,
          recipient: org.keys[person as Name].ageRecipient,
        })),
      });
      const id = digest.parse(sealedPartDigest(content));
      const signature = await org.sign('worker', canonicalize(content), namespaces.seal);
      seals.set(id, { sealed: content, digest: id, signature });
      return {
        generation: 1,
        seal: id,
        threshold,
        custodians: content.shares.map((each) => each.custodian as never),
      };
    };
    pair = { password: await sealOne('password'), mfa: await sealOne('mfa') };
    const rotation = rotationId.parse('rotation/acme-eu/2026-11-21-01');
    const events: StreamEvent[] = [
      {
        account,
        event: { type: 'rotation-started', at: start, rotation, cause: 'provision', case: null, by: null },
      },
      { account, event: { type: 'rotation-proven', at: start, rotation, identity: 'identity-1', pair } },
      ...(custodiansAttest ? attestations(pair) : []),
    ];
    await ledger.transact((tx) =>
      tx.append({
        ...{ timestamp: start, actor_id: 'breakglass', actor_role: 'worker', action: 'break_glass_rotation' },
        ...{ resource_type: 'account', resource_id: account, ip_address: null, user_agent: null },
        ...{ result: 'success', case_id: null, nonce: null, key: 'provisioned', metadata: { events } },
      }),
    );
  };

  const walk: Harness['walk'] = async (to) => {
    const recipient = org.keys.alice.ageRecipient;
    const asked = await must('alice', requestOf(recipient));
    if (to === 'requested') return;
    const about = { case: theCase, account, request: statementDigest(asked.statement) };
    await must('bob', { type: 'approval', role: 'senior', ...about });
    await must('dan', { type: 'approval', role: 'senior', ...about });
    if (to === 'authorised' || pair === undefined) return;
    for (const part of parts) {
      for (const by of pair[part].custodians) {
        const share = {
          part,
          generation: 1,
          seal: pair[part].seal,
          recipient,
          ciphertext: 'a share on its way',
        };
        await must(by as string as Name, { type: 'release', ...about, ...share });
      }
    }
  };

  return {
    org,
    ledger,
    updates,
    log,
    looks,
    flush,
    now,
    advance: (seconds) => (clock.now = new Date(Date.parse(clock.now) + seconds * 1000).toISOString()),
    adopt: (next) => (chain = next),
    breakDown: (next) => (broken = next),
    request,
    post,
    challenge,
    token,
    get,
    sealed,
    submit,
    provision,
    walk,
    pair: () => {
      if (pair === undefined) throw new Error('not provisioned');
      return pair;
    },
    remove: async () => (given.org === undefined ? org.remove() : undefined),
  };
}

/** Just enough custodians of each part: without them the account would open no case. */
const attestations = (pair: Pair): StreamEvent[] =>
  parts.flatMap((part) =>
    pair[part].custodians.slice(0, pair[part].threshold).map((by): StreamEvent => ({
      account,
      event: { type: 'attested', at: start, by, part, generation: 1 },
    })),
  );

/** A request as alice makes it. */
export const requestOf = (recipient: string): Record<string, Json> => ({
  ...{ type: 'request', kind: 'emergency', account, scenario: 'sso-down', recipient, expectedMinutes: 30 },
  ...{ conditions: ['sso-fully-down', 'sev-0'], reason: 'nobody can sign in', symptom: 'SSO answers 503' },
  incidentChannel: '#incident-7',
});

/** Forwards each call to the stand-in while there is one. */
function redirected<T extends object>(real: T, standIn: () => T | undefined): T {
  return new Proxy(real, { get: (target, name): unknown => Reflect.get(standIn() ?? target, name) });
}

function readerOver(ledger: MemoryLedger): Reader {
  const carrying = (name: 'account' | 'case', id: string) => (row: Row) =>
    (row.metadata.events ?? []).some((each) => name in each && Reflect.get(each, name) === id);
  return {
    rowsAfter: async (seq, limit) => ledger.rows.filter((row) => row.seq > seq).slice(0, limit),
    rowsOfCase: async (id) => ledger.rows.filter(carrying('case', id)),
    rowsOfAccount: async (id) => ledger.rows.filter(carrying('account', id)),
    historyOfCase: async (id) => ledger.rows.filter((row) => row.case_id === id || carrying('case', id)(row)),
    cases: async (filter, { limit, before = Infinity }) =>
      ledger.rows
        .filter(({ seq }) => seq < before)
        .filter(({ metadata: { events = [] } }) =>
          events.some(
            ({ event }) =>
              (event.type === 'requested' || event.type === 'detected') &&
              Object.entries({ kind: 'undeclared', scenario: null, ...event }).every(
                ([name, value]) =>
                  !(name in filter) || [undefined, value].includes(filter[name as keyof typeof filter]),
              ),
          ),
        )
        .toReversed()
        .slice(0, limit),
  };
}

/** The worker's own activities without the workflow around them; refusals as `client/temporal.ts` gives them. */
function processOver(
  ledger: MemoryLedger,
  configs: ApiDeps['configs'],
  now: () => string,
  updates: string[],
): DecisionProcess {
  const record = createRecorder({ ledger, configs });
  const hear = createDecisionActivities({ ledger, configs, record, clock: () => new Date(now()) });
  const asked = async (updateId: string, work: () => Promise<{ accepted: Accepted }>): Promise<Accepted> => {
    updates.push(updateId);
    try {
      return (await work()).accepted;
    } catch (error) {
      if (!(error instanceof ApplicationFailure)) throw error;
      const [detail] = error.details as [{ code: RefusalCode; why: string }];
      throw new RefusedByProcess({ code: detail.code, why: detail.why });
    }
  };
  return {
    submitToAccount: (id, submission, updateId) =>
      asked(updateId, () =>
        hear.hearAccount({ id, submission, key: `account/${updateId}`, now: now(), after: 0 }),
      ),
    submitToCase: (id, submission, updateId) =>
      asked(updateId, () => hear.hearCase({ id, submission, key: `case/${updateId}`, now: now(), after: 0 })),
  };
}
