/** Checkpoints of the ledger: signed every minute and when a case is over, and handed to every witness. */
import type { Channels } from '../../adapters/channels/index.ts';
import { LEDGER_CHANNEL, type createOutbox, type LedgerReader } from '../../adapters/postgres/index.ts';
import type { Log } from '../../adapters/settings/log.ts';
import type { Witnesses } from '../../adapters/witnesses/index.ts';
import type { Checkpoint } from '../../core/contracts/checkpoint.ts';
import type { Config } from '../../core/contracts/config.ts';
import type { CaseEvent } from '../../core/contracts/events.ts';
import type { Row } from '../../core/contracts/ledger.ts';
import { listenForWakes } from '../wakes.ts';
import { createRinger, faultMessage, silentWitness } from './ring.ts';
import { createTaker, type TakeDeps } from './take.ts';

export interface CheckpointsDeps extends TakeDeps {
  readonly pool: Parameters<typeof createOutbox>[0];
  readonly reader: Pick<LedgerReader, 'rowsAfter'>;
  /** Those of a config; asked for with each checkpoint, since the config may have changed. */
  readonly witnesses: (config: Config) => Witnesses;
  readonly channels: Pick<Channels, 'send'>;
  readonly everySeconds: number;
  readonly log: Log;
}

export interface Checkpoints {
  /** Resolves when none is under way any more. */
  stop(): Promise<void>;
}

/** So many failures one after another, and people are told. */
const FAILURES_TO_RING = 5;
const PAGE = 500;

const endings: ReadonlySet<CaseEvent['type']> = new Set(['closed', 'denied', 'withdrawn', 'expired']);
const endsCase = ({ metadata }: Row): boolean =>
  (metadata.events ?? []).some((each) => 'case' in each && endings.has(each.event.type));

/** Signs and hands over until it is stopped. Nothing else in the worker waits for it. */
export const startCheckpoints = (deps: CheckpointsDeps): Checkpoints => {
  const { configs, reader, log, now } = deps;
  const take = createTaker(deps);
  const ring = createRinger(deps.channels, log);
  const failures = new Map<string, { count: number; since: string }>();
  const state = { isStopped: false, isBusy: false, isWanted: false, looked: 0 };

  const handTo = async (
    witnesses: Witnesses,
    name: string,
    ...what: [Parameters<Witnesses['send']>[1], Checkpoint]
  ) => {
    try {
      await witnesses.send(name, ...what);
      failures.delete(name);
    } catch (error) {
      const before = failures.get(name) ?? { count: 0, since: now().toISOString() };
      failures.set(name, { ...before, count: before.count + 1 });
      log.warn({ err: error, witness: name }, 'checkpoint not taken; the next one covers it too');
      if (before.count + 1 >= FAILURES_TO_RING)
        await ring(silentWitness(configs().current.config, name, before.since));
    }
  };

  const one = async (): Promise<void> => {
    const taken = await take();
    const { config } = configs().current;
    if (!taken.ok) {
      log.error({ firstBad: taken.fault.firstBad, why: taken.fault.why }, taken.fault.message);
      await ring(faultMessage(config, taken));
      return;
    }
    state.looked = Math.max(state.looked, taken.checkpoint.size);
    const witnesses = deps.witnesses(config);
    await Promise.all(witnesses.names.map((name) => handTo(witnesses, name, taken.signed, taken.checkpoint)));
  };

  /** One at a time; asked meanwhile means one more. */
  let working: Promise<unknown> = Promise.resolve();
  const want = (): void => {
    state.isWanted = true;
    if (state.isBusy || state.isStopped) return;
    state.isBusy = true;
    const run = async (): Promise<void> => {
      while (state.isWanted && !state.isStopped) {
        state.isWanted = false;
        await one().catch((error: unknown) => {
          log.warn({ err: error }, 'no checkpoint this time');
        });
      }
    };
    working = run().finally(() => (state.isBusy = false));
  };

  const look = async (): Promise<void> => {
    const rows = await reader.rowsAfter(state.looked, PAGE);
    state.looked = Math.max(state.looked, rows.at(-1)?.seq ?? 0);
    if (rows.some(endsCase)) want();
    if (rows.length === PAGE) await look();
  };
  let looking: Promise<unknown> = Promise.resolve();
  const onWake = (): void => {
    // The minute's checkpoint covers what a failed look has missed.
    looking = looking.then(look).catch(() => undefined);
  };

  const wakes = listenForWakes(deps.pool, LEDGER_CHANNEL, onWake, log);
  const timer = setInterval(want, deps.everySeconds * 1_000);
  want();
  return {
    async stop() {
      state.isStopped = true;
      clearInterval(timer);
      await wakes.stop();
      await Promise.all([looking, working]);
    },
  };
};
