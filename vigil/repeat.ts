import { reasonOf } from '../core/contracts/failures.ts';

/**
 * Does the work again and again, never twice at once.
 *
 * @param ms - the interval
 * @param onFailure - told why the work failed; it is done again all the same
 * @param isAtOnce - whether it is done at once too, and not only after the first interval
 * @returns ends it; resolves when nothing is under way any more
 */
export const repeat = (
  ms: number,
  work: () => Promise<void>,
  onFailure: (reason: string) => void,
  isAtOnce = false,
): (() => Promise<void>) => {
  let underWay: Promise<void> | null = null;
  const tick = (): void => {
    underWay ??= work()
      .catch((error: unknown) => {
        onFailure(reasonOf(error));
      })
      .finally(() => (underWay = null));
  };
  const timer = setInterval(tick, ms);
  if (isAtOnce) tick();
  return async () => {
    clearInterval(timer);
    await underWay;
  };
};
