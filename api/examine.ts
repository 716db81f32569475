/** Looks at everything behind the api at once, and waits for none of it longer than a few seconds. */
import { within } from '../adapters/within.ts';
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
