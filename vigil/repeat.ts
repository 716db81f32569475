import type { Log } from '../adapters/settings/log.ts';

/**
 * Does the work again and again, first after one interval, never twice at once.
 *
 * @param ms - the interval
 * @returns ends it; resolves when nothing is under way any more
 */
export const repeat = (ms: number, work: () => Promise<void>, log: Log): (() => Promise<void>) => {
  let underWay: Promise<void> | null = null;
  const timer = setInterval(() => {
    underWay ??= work()
      .catch((error: unknown) => {
        log.error({ reason: error instanceof Error ? error.message : 'unknown error' }, 'the vigil failed');
      })
      .finally(() => (underWay = null));
  }, ms);
  return async () => {
    clearInterval(timer);
    await underWay;
  };
};
