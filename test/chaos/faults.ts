/** Adapters that fail: before their effect, while it is under way, and after it, when the answer is lost. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Random } from './random.ts';
import { createTallies, faultKinds, type FaultKind, type Tallies } from './tally.ts';

/** What an adapter says of a failure; trying again may help. */
export class AdapterFault extends Error {
  override readonly name = 'AdapterFault';
}

export interface Faults {
  /** Everything done inside draws its faults from this; one deed's faults do not depend on what runs beside it. */
  run<T>(random: Random, work: () => Promise<T>): Promise<T>;
  /** The same object, each of whose calls may fail. */
  failing<T extends object>(name: string, target: T): T;
  /** How many calls there were of each adapter, and how many failed. */
  readonly tallies: Tallies;
}

/** One for all: each storage that was ever used costs every promise something for as long as the process lives. */
const current = new AsyncLocalStorage<Random>();

/** @param rate - how many calls fail, from 0 to 1 */
export const createFaults = (rate: number): Faults => {
  const { tallies, count } = createTallies();
  const draw = (name: string): FaultKind | null => {
    const random = current.getStore();
    const kind = random?.chance(rate) === true ? (random.pick(faultKinds) ?? 'before') : null;
    count(name, faultKinds, kind);
    return kind;
  };
  const call = async (name: string, work: () => Promise<unknown>): Promise<unknown> => {
    const fault = draw(name);
    if (fault === 'before') throw new AdapterFault(`${name}: connect ECONNREFUSED`);
    const done = work();
    if (fault === 'during') {
      // Given up by the caller; the other side goes on with it.
      done.catch(() => undefined);
      throw new AdapterFault(`${name}: no answer in time`);
    }
    const answer = await done;
    if (fault === 'after') throw new AdapterFault(`${name}: socket hang up`);
    return answer;
  };
  return {
    tallies,
    run: (random, work) => current.run(random, work),
    failing: (name, target) =>
      new Proxy(target, {
        get: (it, key) => {
          const member: unknown = Reflect.get(it, key);
          if (typeof member !== 'function') return member;
          return (...given: unknown[]) => call(name, () => Promise.resolve(Reflect.apply(member, it, given)));
        },
      }),
  };
};
