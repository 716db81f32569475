/**
 * Worker and sentinel killed, and a worker that lives without the servers that it stands on: whether the other rings,
 * and the outside monitor is called no more.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { channels } from './trace.ts';
import { until, type Rung, type Watched } from './watched.ts';

/** What came of a process that could not do its work. */
export interface Silenced {
  /** Milliseconds from then until both channels had it. */
  readonly toRingMs: number;
  readonly rung: Rung;
  /** Calls of the outside monitor while it was well and while it was not. It is called again afterwards. */
  readonly called: { readonly before: number; readonly meanwhile: number };
}

/** Several of the intervals at which the outside monitor is called. */
const aWhile = 3_000;
/** As long as the worker waits for a server before it calls itself unwell. */
const aMoment = 2_500;

/** Kills a process until the other one has rung, and starts it again. */
export const silence = (watched: Watched, name: 'worker' | 'sentinel'): Promise<Silenced> =>
  lame(watched, name, {
    begin: () => watched.kill(name),
    end: async () => {
      await watched.whole.stack.restart(name);
    },
  });

/** Stops a server under a worker that goes on living, until the sentinel has rung, and starts it again. */
export const strand = (watched: Watched, server: 'temporal' | 'postgres'): Promise<Silenced> =>
  lame(watched, 'worker', {
    begin: () => watched.stopServer(server),
    end: () => watched.startServer(server),
  });

const lame = async (
  watched: Watched,
  name: 'worker' | 'sentinel',
  trouble: { readonly begin: () => Promise<void>; readonly end: () => Promise<void> },
): Promise<Silenced> => {
  const { deadMan } = watched;
  const next = (): Promise<void> => {
    const before = deadMan.calls(name);
    return until('the monitor to be called', () => deadMan.calls(name) > before);
  };
  await next();
  const id = `vigil/${name}/silent`;
  const rungBefore = await watched.rung(id);
  await trouble.begin();
  const begunAt = Date.now();
  // What was under way when it began may still arrive.
  await sleep(aMoment);
  const before = deadMan.calls(name);
  await until(`the ${name}'s silence to ring`, async () => {
    const now = await watched.rung(id);
    return channels.every((channel) => now[channel] > rungBefore[channel]);
  });
  const toRingMs = Date.now() - begunAt;
  await sleep(aWhile);
  const meanwhile = deadMan.calls(name) - before;
  const after = await watched.rung(id);
  await trouble.end();
  await next();
  return {
    toRingMs,
    rung: {
      'security-topic': after['security-topic'] - rungBefore['security-topic'],
      'incident-slack': after['incident-slack'] - rungBefore['incident-slack'],
    },
    called: { before, meanwhile },
  };
};
