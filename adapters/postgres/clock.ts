import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { z } from 'zod';
import { ask, type Queryable } from './query.ts';

/** The database's time, so that worker and sentinel agree, and no step of a machine's clock moves a deadline. */
export interface Timekeeper {
  readonly now: () => Date;
  /** Resolves after the first look at the database, whether it answered or not. */
  readonly ready: Promise<void>;
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>;
}

export interface TimekeeperOptions {
  /** Told when this machine's clock or the database's turns out to be wrong, and when it cannot be asked; once each. */
  readonly warn: (facts: object, text: string) => void;
  /** Milliseconds between two looks at the database; ten seconds when left out. */
  readonly everyMs?: number;
}

const TEN_SECONDS_MS = 10_000;
/** Milliseconds. What took longer says too little about the time. */
const LONGEST_ANSWER = 1_000;
/** Milliseconds. A clock that is further off is an operator's to set right. */
const WRONG = 5_000;

const machineWrong = "this machine's clock is not the database's";
const databaseStepped =
  "the database's clock has stepped: it is not followed while this machine's goes on as before";

const answer = z.tuple([z.object({ at: z.date() })]);

/**
 * Keeps the time by the database's clock. Between two looks, and while the database is away, time goes on by this
 * machine's monotonic clock, which nobody sets; before the first answer it is this machine's own. Should the database's
 * clock itself step, this machine's own clock decides: where it agrees with what was kept, two clocks stand against one.
 *
 * @see PostgreSQL manual, 9.9.5: `clock_timestamp` is the actual time
 */
export const keepTime = (
  db: Queryable | pg.Pool,
  { warn, everyMs = TEN_SECONDS_MS }: TimekeeperOptions,
): Timekeeper => {
  const end = new AbortController();
  let anchor = { at: Date.now(), since: performance.now() };
  /** Whether the database has said once what time it is. */
  let isKept = false;
  let trouble: string | null = null;
  const now = (): number => anchor.at + performance.now() - anchor.since;

  const tell = (what: string | null, facts: object = {}): void => {
    if (what !== null && what !== trouble) warn(facts, what);
    trouble = what;
  };
  const look = async (): Promise<void> => {
    const asked = performance.now();
    const [{ at }] = answer.parse(await ask(db, 'reading the time', 'SELECT clock_timestamp() AS at'));
    const answered = performance.now();
    const took = answered - asked;
    if (took > LONGEST_ANSWER) return;
    const read = at.getTime() + took / 2;
    const step = read - now();
    if (isKept && Math.abs(step) > WRONG && Math.abs(Date.now() - now()) <= WRONG) {
      tell(databaseStepped, { stepSeconds: Math.round(step / 1000) });
      return;
    }
    isKept = true;
    // A difference that the answer's own time explains is none.
    if (Math.abs(step) > took) anchor = { at: read, since: answered };
    const ahead = Date.now() - now();
    if (Math.abs(ahead) <= WRONG) tell(null);
    else tell(machineWrong, { aheadSeconds: Math.round(ahead / 1000) });
  };
  const tryToLook = (): Promise<void> =>
    look().catch((error: unknown) => {
      tell('the time was not read', { reason: error instanceof Error ? error.message : 'unknown' });
    });
  const ready = tryToLook();
  const looking = (async () => {
    await ready;
    for (;;) {
      try {
        await sleep(everyMs, undefined, { signal: end.signal });
      } catch {
        return;
      }
      await tryToLook();
    }
  })();
  return {
    now: () => new Date(now()),
    ready,
    stop: async () => {
      end.abort();
      await looking;
    },
  };
};
