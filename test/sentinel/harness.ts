/** A sentinel whose surroundings can be taken down one by one; its spool is a real folder. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { ChannelError, type Channels } from '../../adapters/channels/index.ts';
import {
  KratosError,
  type IdentityShape,
  type KratosHook,
  type SessionRecord,
} from '../../adapters/kratos/index.ts';
import type { Sighting } from '../../core/contracts/events.ts';
import type { Ledger, Message, Row } from '../../core/contracts/ledger.ts';
import { startSentinel, type Sentinel, type SentinelDeps } from '../../sentinel/sentinel.ts';
import type { Patience } from '../../sentinel/watch.ts';
import { createMemoryLedger, type MemoryLedger } from '../support/memoryLedger.ts';
import { acme, address } from './acme.ts';

export const hookKey = 'the-hook-key-of-this-test';
export const breakglassIdentity = '5f0f8f1e-0000-4000-8000-000000000001';
export const somebodysIdentity = '5f0f8f1e-0000-4000-8000-000000000002';
export const session = '7a0f8f1e-0000-4000-8000-000000000009';
export const firstMethodAt = '2026-11-21T08:00:00.123456789Z';

/** What the hook's template sends after the password (aal1), or after the second factor (aal2). */
export const hookOf = (aal: 'aal1' | 'aal2', change: Partial<KratosHook> = {}): KratosHook => {
  const methods = [
    { method: 'password', aal: 'aal1', completedAt: firstMethodAt },
    { method: 'totp', aal: 'aal2', completedAt: '2026-11-21T08:00:01.5Z' },
  ].slice(0, aal === 'aal1' ? 1 : 2);
  const authenticatedAt = methods.at(-1)?.completedAt ?? firstMethodAt;
  return {
    event: 'login',
    identityId: breakglassIdentity,
    flow: {
      id: randomUUID(),
      type: 'api',
      method: aal === 'aal1' ? 'password' : 'totp',
      requestedAal: aal,
      refresh: false,
    },
    session: { id: '00000000-0000-0000-0000-000000000000', aal, authenticatedAt, firstMethodAt, methods },
    ip: '203.0.113.7',
    userAgent: 'curl/8.5',
    at: authenticatedAt,
    ...change,
  };
};

const quick: Patience = {
  alarm: () => 10,
  record: () => 10,
  tell: () => 10,
  confirm: { wait: () => 10, believeAbsenceAfter: 60_000 },
  rowWaitsForSession: 60,
};

const unreachable = () =>
  new KratosError({ operation: 'test', id: 'ECONNREFUSED', reason: 'down', retryable: true });

/** The world around a sentinel. Change `down` and the sessions as a test goes along. */
export interface World {
  readonly folder: string;
  /** What is down: channels by name, `postgres`, `temporal`, `kratos`. */
  readonly down: Set<string>;
  /** Sessions Kratos has saved, by the time of their first method: this test's login, unless taken out. */
  readonly sessions: Map<string, string>;
  /** Sessions as the admin api lists them; a test puts them there. */
  listed: SessionRecord[];
  /** From one sweep to the next, in milliseconds. */
  sweepMs: number;
  /** Channels give no answer before this. */
  hold: Promise<unknown>;
  /** How long Kratos has to save a session before its absence is believed. */
  believeAbsenceAfter: number;
  /** In order: `alarm CHANNEL`, `event`, `row ACTION`, `told ACCOUNT`. */
  readonly journal: string[];
  readonly rung: { readonly channel: string; readonly message: Message; readonly wasSpooled: boolean }[];
  readonly ledger: MemoryLedger;
  start(extra?: Pick<SentinelDeps, 'onAlarm'>): Promise<Sentinel>;
  post(body: unknown, options?: { key?: string; header?: string }): Promise<Response>;
  rows(action: Row['action']): Row[];
  /** The spool as it is on the disk. */
  spoolText(): string;
}

const shapeOf = (id: string, email: string): IdentityShape => ({
  ...{
    id,
    schemaId: 'default',
    state: 'active',
    traits: { email },
    metadataPublic: null,
    metadataAdmin: null,
  },
  ...{ verifiableAddresses: [], recoveryAddresses: [], credentials: [], createdAt: '', updatedAt: '' },
});

const recordOf = (id: string): SessionRecord => ({
  ...{ id, active: true, aal: 'aal1', authenticatedAt: '', issuedAt: '', expiresAt: '' },
  ...{ firstMethodAt, methods: [], devices: [] },
});

/** Everything is up; Kratos has the identity and the session. */
export const makeWorld = async (): Promise<World> => {
  const folder = await mkdtemp(join(tmpdir(), 'breakglass-sentinel-'));
  const down = new Set<string>();
  const sessions = new Map([[firstMethodAt, session]]);
  const journal: string[] = [];
  const rung: World['rung'] = [];
  const memory = createMemoryLedger();
  const config = acme();
  const running: Sentinel[] = [];
  let port = 0;

  const channels: Channels = {
    async send(channel, message) {
      if (down.has(channel)) throw new ChannelError({ channel, retryable: true, reason: 'down' });
      const wasSpooled = readFileSync(join(folder, 'spool.jsonl'), 'utf8').includes('"firstMethodAt"');
      journal.push(`alarm ${channel}`);
      rung.push({ channel, message, wasSpooled });
      await world.hold;
      return { acceptedAt: new Date().toISOString(), detail: 'ok' };
    },
    close: () => undefined,
  };
  const ledger: Ledger = {
    transact: async (work) => {
      if (down.has('postgres')) throw new Error('postgres is down');
      const before = memory.rows.length;
      const result = await memory.transact(work);
      journal.push(...memory.rows.slice(before).map((row) => `row ${row.action}`));
      return result;
    },
  };
  const kratos = {
    findIdentity: async (email: string) => {
      if (down.has('kratos')) throw unreachable();
      return email === address ? breakglassIdentity : undefined;
    },
    getIdentityShape: async (id: string) => {
      if (down.has('kratos')) throw unreachable();
      if (id === breakglassIdentity) return shapeOf(id, address);
      if (id === somebodysIdentity) return shapeOf(id, 'somebody@acme.example');
      throw new KratosError({
        operation: 'test',
        id: 'not_found',
        reason: 'none',
        status: 404,
        retryable: false,
      });
    },
    listSessions: async (identity: string) => {
      if (down.has('kratos')) throw unreachable();
      return identity === breakglassIdentity ? world.listed : [];
    },
    findSession: async (_: string, at: string) => {
      if (down.has('kratos')) throw unreachable();
      const id = sessions.get(at);
      return id === undefined ? undefined : recordOf(id);
    },
  };

  onTestFinished(async () => {
    for (const each of running) await each.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const world: World = {
    hold: Promise.resolve(),
    listed: [],
    sweepMs: 60_000,
    believeAbsenceAfter: quick.confirm.believeAbsenceAfter,
    ...{ folder, down, sessions, journal, rung, ledger: memory },
    async start(extra = {}) {
      const sentinel = await startSentinel({
        ...{ host: '127.0.0.1', port: 0, hookKey, spoolDir: folder, kratos, ledger },
        channels: () => channels,
        recordSighting: async (_: Sighting) => {
          if (down.has('postgres')) throw new Error('postgres is down');
          journal.push('event');
        },
        tellProcess: async (account) => {
          if (down.has('temporal')) throw new Error('temporal is down');
          journal.push(`told ${account}`);
        },
        config: () => config,
        sweepMs: world.sweepMs,
        log: pino({ level: 'silent' }),
        patience: { ...quick, confirm: { ...quick.confirm, believeAbsenceAfter: world.believeAbsenceAfter } },
        ...extra,
      });
      running.push(sentinel);
      port = sentinel.port;
      return sentinel;
    },
    post: (body, { key = hookKey, header = 'x-breakglass-hook-key' } = {}) =>
      fetch(`http://127.0.0.1:${port}/hooks/kratos`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', [header]: key },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    spoolText: () => readFileSync(join(folder, 'spool.jsonl'), 'utf8'),
    rows: (action) => memory.rows.filter((row) => row.action === action),
  };
  return world;
};

/** Waits until something holds; a test's own time limit ends it. */
export const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
};
