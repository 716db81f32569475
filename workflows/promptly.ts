import {
  ActivityFailure,
  ApplicationFailure,
  log,
  proxyActivities,
  patched,
  proxyLocalActivities,
  workflowInfo,
  type ActivityInterfaceFor,
} from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import { isAnswerTo } from '../core/contracts/temporal.ts';

/** Activities short enough to run inside a workflow task. */
type Short = Pick<
  Activities,
  'hearAccount' | 'hearCase' | 'tickAccount' | 'tickCase' | 'endSessions' | 'recordGone'
>;

const local = proxyLocalActivities<Short>({
  startToCloseTimeout: '2s',
  scheduleToCloseTimeout: '2s',
  // Five attempts end within two seconds. They must be counted: the SDK's core (1.24) forgets a local activity's
  // schedule-to-close when it comes while the activity backs off, and would try for ever inside the workflow task.
  retry: { initialInterval: '100ms', maximumInterval: '1s', maximumAttempts: 5 },
});

const regular = proxyActivities<Short>({
  startToCloseTimeout: '30s',
  retry: { initialInterval: '500ms', backoffCoefficient: 2, maximumInterval: '30s' },
});

/**
 * The `ApplicationFailure` behind an activity's failure, when trying again cannot help. A regular activity's comes
 * wrapped in an `ActivityFailure`, a local one's as it was thrown.
 */
const finalCause = (error: unknown): ApplicationFailure | null => {
  const thrown = error instanceof ActivityFailure ? error.cause : error;
  return thrown instanceof ApplicationFailure && thrown.nonRetryable === true ? thrown : null;
};

let turn: Promise<unknown> = Promise.resolve();

/**
 * Lets one local activity run at a time. Of two that end within one workflow task, each answers its update before the
 * loop goes on; replayed, both end at once and both answers come first: a history that its own code would refuse.
 */
const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
  if (!patched('one local activity at a time')) return work();
  const mine = turn.then(work);
  turn = mine.catch(() => undefined);
  return mine;
};

/** Whether an answer is the worker's to this workflow: absorbing another would fail every task of it from then on. */
const isOurs = (answer: unknown): boolean => {
  const isIt = isAnswerTo(workflowInfo().workflowId, answer);
  if (!isIt) log.error('somebody else answered in the worker’s stead; asked again');
  return isIt;
};

/**
 * Runs a short activity inside the workflow task (one event of history); after
 * two seconds it goes on as a regular one, retried until it works. The
 * idempotency key in its input makes the second run harmless, and so does the
 * one after an answer that is none of the worker's.
 *
 * @param onSlow - called when it goes on as a regular one
 * @throws ApplicationFailure as the activity threw it, when it is final
 */
export const promptly = async <T>(
  call: (activities: ActivityInterfaceFor<Short>) => Promise<T>,
  onSlow: () => void = () => undefined,
): Promise<T> => {
  try {
    const answer = await inTurn(() => call(local));
    if (isOurs(answer)) return answer;
  } catch (first) {
    const cause = finalCause(first);
    if (cause !== null) throw cause;
  }
  onSlow();
  for (;;) {
    try {
      const answer = await call(regular);
      if (isOurs(answer)) return answer;
    } catch (second) {
      throw finalCause(second) ?? second;
    }
  }
};
