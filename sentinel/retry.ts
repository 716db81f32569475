import { setTimeout as sleep } from 'node:timers/promises';

/** How a step is tried again. */
export interface Persistence {
  /** Ends the trying; the promise then rejects. */
  readonly signal: AbortSignal;
  /** Milliseconds to wait after the nth failure, from 0. */
  readonly wait: (failures: number, error: unknown) => number;
  readonly onFailure?: (error: unknown, failures: number) => void;
}

/** Doubling from `first` to `most`, both in milliseconds. */
export const doubling =
  (first: number, most: number) =>
  (failures: number): number =>
    Math.min(most, first * 2 ** Math.min(failures, 20));

/** Settles with the work, or rejects as soon as the signal is aborted, whatever the work still does. */
const unlessAborted = async <T>(work: Promise<T>, signal: AbortSignal): Promise<T> => {
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
};

/** Tries a step until it succeeds. */
export const persist = async <T>(
  step: () => Promise<T>,
  { signal, wait, onFailure }: Persistence,
): Promise<T> => {
  for (let failures = 0; ; failures += 1) {
    signal.throwIfAborted();
    try {
      return await unlessAborted(step(), signal);
    } catch (error) {
      signal.throwIfAborted();
      onFailure?.(error, failures);
      await sleep(wait(failures, error), undefined, { signal });
    }
  }
};
