import {
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  log,
  patched,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { stepTexts } from '../core/contracts/consoleText.ts';
import { isAnswerTo, isFailureOf } from '../core/contracts/temporal.ts';
import { outOfTurn } from './turns.ts';

/** Whoever reaches Temporal can answer in the worker's stead. Histories of before believed everything. */
const isBound = (): boolean => patched('answers and failures name whom they are for');

const disbelieve = (): void => log.error('somebody else answered in the worker’s stead; asked again');

/**
 * Whether an answer is the worker's to this workflow's question: absorbing another could fail every task from then on.
 *
 * @param after - the row that it was asked for news after
 */
export const isOurs = (answer: unknown, after: number): boolean => {
  if (!isBound() || isAnswerTo(workflowInfo().workflowId, after, answer)) return true;
  disbelieve();
  return false;
};

/**
 * The worker's own `ApplicationFailure` behind an activity's failure, when trying again cannot help. A regular activity's
 * comes wrapped in an `ActivityFailure`, a local one's as it was thrown.
 */
export const finalCause = (error: unknown): ApplicationFailure | null => {
  const thrown = error instanceof ActivityFailure ? error.cause : error;
  if (!(thrown instanceof ApplicationFailure) || thrown.nonRetryable !== true) return null;
  return !isBound() || isFailureOf(workflowInfo().workflowId, thrown.details) ? thrown : null;
};

/**
 * Asks a regular activity, which Temporal tries until it works, until the worker itself has answered. Part of a step.
 *
 * @param isAnswer - whether it is the worker's
 * @throws ApplicationFailure of the worker, when it is final; CancelledFailure
 */
export const insist = async <T>(ask: () => Promise<T>, isAnswer: (answer: T) => boolean): Promise<T> => {
  for (;;) {
    try {
      const answer = await outOfTurn(ask());
      if (isAnswer(answer)) return answer;
    } catch (error) {
      const cause = finalCause(error);
      if (cause !== null) throw cause;
      if (isCancellation(error) || !isBound()) throw error;
      disbelieve();
    }
    await outOfTurn(sleep('5s', { summary: stepTexts.askAgain }));
  }
};
