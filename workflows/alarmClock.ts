import { CancellationScope, condition, isCancellation, sleep } from '@temporalio/workflow';

/**
 * One timer for the nearest deadline. A later deadline leaves the armed timer
 * alone (it fires early and finds nothing due, which costs less history than
 * re-arming at each change); an earlier one re-arms it; none disarms it.
 */
export const createAlarmClock = (summary: string) => {
  let armedFor: string | null = null;
  let scope: CancellationScope | null = null;
  let hasFired = false;

  const disarm = (): void => {
    scope?.cancel();
    scope = null;
    armedFor = null;
  };

  const arm = (deadline: string): void => {
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

  const set = (deadline: string | null): void => {
    if (deadline === null) {
      disarm();
      return;
    }
    if (armedFor !== null && armedFor <= deadline) return;
    disarm();
    arm(deadline);
  };

  return {
    /**
     * Waits until `isWoken` holds or the deadline has come.
     *
     * @param deadline - ISO 8601, UTC; null to wait for `isWoken` alone
     */
    async waitFor(isWoken: () => boolean, deadline: string | null): Promise<void> {
      set(deadline);
      await condition(() => isWoken() || hasFired);
      hasFired = false;
    },
  };
};
