/** Looks at everything behind the api at once, and waits for none of it longer than a few seconds. */
import { amiss, type Check } from '../core/contracts/checks.ts';
import { reasonOf } from '../core/contracts/failures.ts';

/** One look at one thing. */
export interface Look {
  /** The check that is broken when nothing comes of the look, and what still works then. */
  readonly id: string;
  readonly still: string;
  readonly remedy: string;
  /** What is wrong comes as checks; what it throws is a check too. Its message is shown: it holds no secret. */
  readonly ask: () => Promise<readonly Check[]>;
}

/** Milliseconds. Shorter than anybody's patience; a server that needs longer serves nobody. */
export const LOOK_LIMIT_MS = 3_000;

const within = async <T>(work: Promise<T>, ms: number): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${ms / 1000} s`));
    }, ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};

/** All looks, in their order, each within its limit. Never throws. */
export const examine = async (looks: readonly Look[], limitMs = LOOK_LIMIT_MS): Promise<Check[]> => {
  const answers = looks.map(async ({ id, still, remedy, ask }): Promise<readonly Check[]> => {
    try {
      return await within(ask(), limitMs);
    } catch (error) {
      const says = `${id}: ${reasonOf(error)}`.slice(0, 1_000);
      return [amiss({ id, by: 'api' }, 'broken', { says, still, remedy })];
    }
  });
  return (await Promise.all(answers)).flat();
};
