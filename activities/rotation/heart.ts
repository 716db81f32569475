import { heartbeat } from '@temporalio/activity';
import type { StepName } from './steps.ts';

const everyMs = 2_000;

/**
 * A heartbeat for each step, and one every two seconds in between: a worker that was killed is noticed by its
 * silence long before its slowest step could have ended.
 *
 * @returns to be called as a step begins; `stop` ends the heartbeats in between
 */
export const startHeart = (): { readonly beat: (step: StepName) => void; readonly stop: () => void } => {
  let at: StepName = 'narrowed';
  const timer = setInterval(() => heartbeat(at), everyMs);
  return {
    beat: (step) => {
      at = step;
      heartbeat(step);
    },
    stop: () => clearInterval(timer),
  };
};
