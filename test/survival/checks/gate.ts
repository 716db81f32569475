/** One place in the traffic between the worker and its servers at which it is stopped. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Which call: its name, and whether it has not been passed on yet, or has taken effect and its answer is kept back. */
export interface Point {
  readonly call: string;
  readonly when: 'before' | 'after';
  /** The how manieth call of this name, counted from the moment the trap is set; 1 when left out. */
  readonly nth?: number;
}

export interface Trap {
  /** Resolves when the worker stands at the point. */
  readonly sprung: Promise<void>;
  /** Lets what is held go on. */
  release(): void;
}

/** Every call between the worker and its servers passes here. */
export interface Gate {
  /** Sets the one trap; counting begins now. */
  set(point: Point): Trap;
  /** Called by what stands between, for each call before and after it is passed on. */
  pass(call: string, when: Point['when']): Promise<void>;
}

export const createGate = (): Gate => {
  let armed: (Point & { seen: number; spring: () => void; held: Promise<void> }) | null = null;
  return {
    set: (point) => {
      let spring = (): void => undefined;
      let release = (): void => undefined;
      const sprung = new Promise<void>((resolve) => (spring = resolve));
      const held = new Promise<void>((resolve) => (release = resolve));
      armed = { ...point, seen: 0, spring, held };
      return { sprung, release };
    },
    pass: async (call, when) => {
      if (armed?.call !== call || armed.when !== when) return;
      armed.seen += 1;
      if (armed.seen !== (armed.nth ?? 1)) return;
      const { spring, held } = armed;
      armed = null;
      spring();
      await held;
    },
  };
};

/** Waits for a promise, or says for what it waited in vain. */
export const within = async <T>(ms: number, what: string, promise: Promise<T>): Promise<T> => {
  const stopped = new AbortController();
  const late = sleep(ms, null, { signal: stopped.signal }).then(() => {
    throw new Error(`waited ${ms / 1000} s in vain for ${what}`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    stopped.abort();
    late.catch(() => undefined);
  }
};
