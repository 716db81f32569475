import { ActivityFailure, ApplicationFailure } from '@temporalio/common';

/** What Temporal would not try again. */
export const finalCause = (error: unknown): ApplicationFailure | null => {
  const thrown = error instanceof ActivityFailure ? error.cause : error;
  return thrown instanceof ApplicationFailure && thrown.nonRetryable === true ? thrown : null;
};

const most = 200;

/** Tries a step with the same input until it succeeds or fails for good, as Temporal does with an activity. */
export const persist = async <T>(step: () => Promise<T>, onFailure: (error: unknown) => void): Promise<T> => {
  for (let tries = 0; ; tries += 1) {
    try {
      return await step();
    } catch (error) {
      if (finalCause(error) !== null || tries >= most) throw error;
      onFailure(error);
    }
  }
};
