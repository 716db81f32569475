import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { renew } from '../core/contracts/temporal.ts';
import { inTurn } from './turns.ts';
import { wakeOthers } from './wakes.ts';

/**
 * Far below Temporal's limits (51,200 events, 2,000 updates): a worker that has lost its memory must replay a run
 * within its workflow task, in ten seconds, also on a busy machine.
 */
const longestHistory = 2_000;

/**
 * A workflow serves the stream that its id names. One that somebody began with another input, or with one that
 * was not encrypted by us, ends at once, so that the true one can be started under that id.
 *
 * @param idOf - the workflow id that goes with an input
 * @throws ApplicationFailure `WrongInput`
 */
export const mustServe = <Input>(input: Input | undefined, idOf: (input: Input) => string): Input => {
  if (input === undefined || idOf(input) !== workflowInfo().workflowId)
    throw ApplicationFailure.nonRetryable('the input does not belong to this workflow id', 'WrongInput');
  return input;
};

/** Whether this run should continue as new: it is long, or an operator asks for it. */
export const createLifetime = () => {
  let isAsked = false;
  setHandler(renew, () => {
    isAsked = true;
  });
  return {
    isAsked: (): boolean => isAsked,
    isOver: (): boolean =>
      isAsked || workflowInfo().continueAsNewSuggested || workflowInfo().historyLength > longestHistory,
  };
};

/** Goes on beside the loop, which learns of it by what it changes. */
export const beside = (work: Promise<void>): void => {
  work.catch((error: unknown) => {
    if (!isCancellation(error)) throw error;
  });
};

/** Before a run ends: every handler has answered, and nobody waits to be woken by what they brought. */
export const finishUp = async (book: { owesWakes(): boolean; takeWakes(): string[] }): Promise<void> => {
  while (!allHandlersFinished() || book.owesWakes()) {
    await condition(allHandlersFinished);
    await inTurn(() => wakeOthers(book.takeWakes()));
  }
};
