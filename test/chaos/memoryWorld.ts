/** One account in memory: its workflows without Temporal, and a clock that stands until it is moved. */
import { createFlows } from './flows.ts';
import { account, createChaosWorld, type ChaosWorldOptions } from './world.ts';

const start = Date.parse('2026-11-21T08:00:00.000Z');

export const createMemoryWorld = (
  options: Omit<ChaosWorldOptions, 'clock' | 'wakeAccount' | 'onFailure'>,
) => {
  let now = start + options.random.int(24 * 3600) * 1000;
  const world = createChaosWorld({
    ...options,
    clock: () => new Date(now),
    wakeAccount: () => {
      flows.wake(flows.self);
      return Promise.resolve();
    },
    onFailure: () => void (now += 1000),
  });
  const { activities, now: nowText, onFailure } = world;
  const flows = createFlows({ account, activities, now: nowText, onFailure });
  return {
    ...world,
    flows,
    pass: (seconds: number): void => void (now += seconds * 1000),
    passTo: (instant: string): void => void (now = Math.max(now, Date.parse(instant))),
  };
};
export type MemoryWorld = ReturnType<typeof createMemoryWorld>;
