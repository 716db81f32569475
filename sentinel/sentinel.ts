import { join } from 'node:path';
import { z } from 'zod';
import type { Channels } from '../adapters/channels/index.ts';
import type { KratosAdmin } from '../adapters/kratos/index.ts';
import type { Log } from '../adapters/settings/log.ts';
import { openSpool } from '../adapters/spool.ts';
import type { Config } from '../core/contracts/config.ts';
import type { Sighting } from '../core/contracts/events.ts';
import type { Unable } from '../core/contracts/health.ts';
import type { AccountId } from '../core/contracts/ids.ts';
import type { Ledger } from '../core/contracts/ledger.ts';
import { openIdentities } from './identities.ts';
import { createSightingRecorder } from './record.ts';
import { report } from './report.ts';
import { doubling } from './retry.ts';
import { createDoor, listen, type Door } from './server.ts';
import { createLogoutRecorder } from './logout.ts';
import type { SentinelState } from './metrics.ts';
import { openSessionMemory } from './sessions.ts';
import { createSuspicions } from './suspicion.ts';
import { createSweep } from './sweep.ts';
import { isWritable } from './disk.ts';
import { repeat } from '../vigil/repeat.ts';
import { createWatch, type Patience } from './watch.ts';

/** What a sentinel stands on; only the spool's disk must be there for an alarm to ring. */
export interface SentinelDeps {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** What proves that a hook comes from Kratos. */
  readonly hookKey: string;
  readonly spoolDir: string;
  readonly kratos: Pick<KratosAdmin, 'findIdentity' | 'getIdentityShape' | 'findSession' | 'listSessions'>;
  readonly channels: () => Channels;
  readonly ledger: Ledger;
  readonly recordSighting: (sighting: Sighting) => Promise<unknown>;
  /** Tells the account's workflow, started if need be, that the ledger has news. */
  readonly tellProcess: (account: AccountId) => Promise<void>;
  readonly config: () => Config;
  readonly log: Log;
  readonly now?: () => Date;
  /** From one look at every identity's sessions to the next; a minute when left out. Milliseconds. */
  readonly sweepMs?: number;
  /** Told how long an alarm took from the report of its login until a channel had it. Seconds. */
  readonly onAlarm?: (seconds: number) => void;
  readonly patience?: Patience;
}

/** Milliseconds. */
const usual: Patience = {
  alarm: doubling(500, 30_000),
  record: doubling(250, 15_000),
  tell: doubling(250, 15_000),
  confirm: { wait: doubling(50, 5_000), believeAbsenceAfter: 120_000 },
  rowWaitsForSession: 2_000,
};
const MINUTE_MS = 60_000;
const QUIET_MS = 10 * MINUTE_MS;

export interface Sentinel {
  readonly port: number;
  /** What it cannot do of what it is for: hear a hook, and keep it. */
  readonly cannot: () => Promise<Unable>;
  readonly state: () => Promise<SentinelState>;
  /** Resolves when nothing that was reported is still to be done. */
  idle(): Promise<void>;
  /** Stops at once; what is not done is in the spool. */
  stop(): Promise<void>;
}

/** Starts the sentinel: goes on with what its spool holds, and takes hooks. */
export const startSentinel = async (deps: SentinelDeps): Promise<Sentinel> => {
  const { host, log } = deps;
  const cannot = async (): Promise<Unable> => [
    ...(server.listening ? [] : ['hear hooks']),
    ...((await isWritable(deps.spoolDir)) ? [] : ['write its spool']),
  ];
  let openDoor = (_: Door): void => undefined;
  const server = await listen(host, deps.port, new Promise<Door>((resolve) => (openDoor = resolve)));
  const closeServer = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };
  try {
    const inside = await startInside({ ...deps, cannot }, (door) => openDoor(door));
    const { port } = z.object({ port: z.int() }).parse(server.address());
    log.info({ host, port }, 'sentinel is ready');
    return {
      port,
      cannot,
      idle: inside.idle,
      state: inside.state,
      async stop() {
        // The port is given up last: whoever takes it next takes the spool.
        await inside.stop();
        await closeServer();
      },
    };
  } catch (error) {
    await closeServer();
    throw error;
  }
};

const startInside = async (
  deps: SentinelDeps & Pick<Sentinel, 'cannot'>,
  openDoor: (door: Door) => void,
): Promise<Pick<Sentinel, 'idle' | 'state' | 'stop'>> => {
  const { spoolDir, kratos, config, log, now = () => new Date() } = deps;
  const end = new AbortController();
  const { signal } = end;
  const identities = await openIdentities({ folder: spoolDir, kratos, config });
  const spool = await openSpool({
    folder: spoolDir,
    schema: report,
    now,
    onDamage: (kept, lines) =>
      log.error({ kept, lines }, 'lines of the spool could not be read; logins may be lost'),
  });
  const watch = createWatch({
    ...{ spool, identities, kratos, config, now, log, signal },
    channels: deps.channels,
    recorder: createSightingRecorder({ ledger: deps.ledger, config, now }),
    recordSighting: deps.recordSighting,
    tellProcess: deps.tellProcess,
    patience: deps.patience ?? usual,
    onAlarm: deps.onAlarm ?? (() => undefined),
  });
  const suspect = createSuspicions({ channels: deps.channels, config, now, log, quietMs: QUIET_MS });

  watch.resume();
  openDoor(
    createDoor({ hookKey: deps.hookKey, cannot: deps.cannot, watch, identities, suspect, now, log, signal }),
  );
  const sweep = createSweep({
    ...{ identities, kratos, watch, now, log, signal, tellProcess: deps.tellProcess },
    memory: await openSessionMemory(join(spoolDir, 'sessions.json'), now),
    recordLogout: createLogoutRecorder({ ledger: deps.ledger, config, now }),
  });
  let sweptAt: string | null = null;
  const stopTicking = repeat(
    deps.sweepMs ?? MINUTE_MS,
    // A new account's identity is swept at once; with the index as it was, if Kratos cannot say.
    async () => {
      await identities.refresh().finally(() => sweep.look());
      // With Kratos away no identity may be known at all: nothing was looked at then.
      if (sweep.isWhole()) sweptAt = now().toISOString();
    },
    (reason) => {
      log.warn({ reason }, 'identities not refreshed');
    },
    true,
  );
  return {
    idle: () => watch.idle(),
    async state() {
      const pending = watch.pending();
      return {
        isSpoolWritable: await isWritable(spoolDir),
        ...{ pending: pending.length, oldest: pending[0]?.at ?? null },
        sweptAt,
      };
    },
    async stop() {
      end.abort();
      await Promise.all([watch.idle(), stopTicking()]);
      await sweep.idle();
      await spool.close();
    },
  };
};
