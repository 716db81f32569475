/** How many addresses are told apart; a flood from more of them shares one measure. */
const MOST_ADDRESSES = 10_000;

/** Whether one more is allowed for this address. @param now - UTC */
export type RateLimit = (address: string | null, now: string) => boolean;

/** Lets each address do `most` things in each window of `seconds`, counted from its first. */
export const createRateLimit = (most: number, seconds: number): RateLimit => {
  const windows = new Map<string, { readonly until: number; count: number }>();
  return (address, now) => {
    const at = Date.parse(now);
    const name = address ?? 'unknown';
    if (windows.size >= MOST_ADDRESSES) {
      for (const [each, { until }] of windows) if (until <= at) windows.delete(each);
    }
    const key = windows.has(name) || windows.size < MOST_ADDRESSES ? name : 'others';
    const window = windows.get(key);
    if (window === undefined || window.until <= at) {
      windows.set(key, { until: at + seconds * 1000, count: 1 });
      return most > 0;
    }
    window.count += 1;
    return window.count <= most;
  };
};
