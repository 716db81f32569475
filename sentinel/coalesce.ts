import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Makes one call of many: those for the same key within `ms` of the first
 * become one, made when that time is over, and share its outcome. Each wake of
 * a workflow costs five events of its history, and one login makes several rows.
 */
export const coalesce = <Key>(
  call: (key: Key) => Promise<void>,
  ms: number,
): ((key: Key) => Promise<void>) => {
  const waiting = new Map<Key, Promise<void>>();
  return (key) => {
    const before = waiting.get(key);
    if (before !== undefined) return before;
    const made = sleep(ms).then(() => {
      waiting.delete(key);
      return call(key);
    });
    waiting.set(key, made);
    return made;
  };
};
