/** Worker and sentinel killed: whether the other rings, and the outside monitor is called no more. */
import { setTimeout as sleep } from 'node:timers/promises';
import { channels } from './trace.ts';
import { until, type Rung, type Watched } from './watched.ts';

/** What came of a killed process. */
export interface Silenced {
  /** Milliseconds from its death until the chat had it. */
  readonly toRingMs: number;
  readonly rung: Rung;
  /** Calls of the outside monitor while it lived and while it was dead. It is called again by the one started then. */
  readonly called: { readonly alive: number; readonly dead: number };
}

/** Several of the intervals at which the outside monitor is called. */
const aWhile = 3_000;

/** Kills a process until the other one has rung, and starts it again. */
export const silence = async (watched: Watched, name: 'worker' | 'sentinel'): Promise<Silenced> => {
  const { deadMan, whole } = watched;
  const next = (): Promise<void> => {
    const before = deadMan.calls(name);
    return until('the monitor to be called', () => deadMan.calls(name) > before);
  };
  await next();
  const id = `vigil/${name}/silent`;
  const before = await watched.rung(id);
  await watched.kill(name);
  const diedAt = Date.now();
  const alive = deadMan.calls(name);
  await until(`the ${name}'s silence to ring`, async () => {
    const now = await watched.rung(id);
    return channels.every((channel) => now[channel] > before[channel]);
  });
  const toRingMs = Date.now() - diedAt;
  await sleep(aWhile);
  const dead = deadMan.calls(name) - alive;
  const after = await watched.rung(id);
  await whole.stack.restart(name);
  await next();
  return {
    toRingMs,
    rung: {
      'security-topic': after['security-topic'] - before['security-topic'],
      'incident-slack': after['incident-slack'] - before['incident-slack'],
    },
    called: { alive, dead },
  };
};
