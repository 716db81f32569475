import { CancellationScope, condition, isCancellation, sleep } from '@temporalio/workflow';
import { deadlineTexts, type Deadline } from '../core/contracts/consoleText.ts';

/**
 * One timer for the nearest deadline. A later deadline leaves the armed timer
 * alone (it fires early and finds nothing due, which costs less history than
 * re-arming at each change); an earlier one re-arms it; none disarms it.
 */
export const createAlarmClock = () => {
  let armedFor: string | null = null;
  let scope: CancellationScope | null = null;
  let hasFired = false;

  const disarm = (): void => {
    scope?.cancel();
    scope = null;
    armedFor = null;
  };

  const arm = (deadline: string, summary: string): void => {
    const mine = new CancellationScope();
    scope = mine;
    armedFor = deadline;
    const wait = Math.max(1, Date.parse(deadline) - Date.now());
    mine
      .run(() => sleep(wait, { summary }))
      .then(() => {
        if (scope !== mine) return;
        disarm();
        hasFired = true;
      })
      .catch((error: unknown) => {
        if (!isCancellation(error)) throw error;
      });
  };

  /**
   * @param deadline - ISO 8601, UTC; null for none
   * @param what - happens then, for Temporal's console
   */
  const set = (deadline: string | null, what: Deadline): void => {
    if (deadline === null) {
      disarm();
      return;
    }
    if (armedFor !== null && armedFor <= deadline) return;
    disarm();
    arm(deadline, deadlineTexts[what]);
  };

  return {
    set,
    /** Waits until `isWoken` holds or the deadline that was set has come. */
    async waitFor(isWoken: () => boolean): Promise<void> {
      await condition(() => isWoken() || hasFired);
      hasFired = false;
    },
  };
};
