import { ApplicationFailure, proxyActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { stepTexts } from '../core/contracts/consoleText.ts';
import type { RotationInput } from '../core/contracts/temporal.ts';
import { insist } from './answers.ts';
import { mustServe } from './lifetime.ts';
import { inTurn } from './turns.ts';

const { rotate } = proxyActivities<Pick<Activities, 'rotate'>>({
  summary: stepTexts.rotate,
  startToCloseTimeout: '3m',
  heartbeatTimeout: '10s',
  // The account's next case waits for it: on again soon after whatever was down is up.
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '15s' },
});

const { recordRotationFailure } = proxyActivities<Pick<Activities, 'recordRotationFailure'>>({
  summary: stepTexts.recordRotationFailure,
  startToCloseTimeout: '30s',
  retry: { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '1m' },
});

/**
 * One rotation of one account. Retried until it is proven; only what no retry
 * can mend is recorded as a failure, which blocks the account's next case.
 */
export async function rotation(input: RotationInput): Promise<void> {
  const { rotation: id } = mustServe(input, (it) => it.rotation);
  try {
    await inTurn(() =>
      insist(
        () => rotate({ rotation: id }),
        () => true,
      ),
    );
  } catch (error) {
    const why = error instanceof ApplicationFailure ? error.message : String(error);
    await recordRotationFailure({ rotation: id, why });
  }
}
