import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { failureOf } from '../core/contracts/temporal.ts';

const servedWorkflow = (): string => {
  try {
    return activityInfo().workflowExecution?.workflowId ?? 'none';
  } catch {
    // Called by itself, as tests do.
    return 'none';
  }
};

/**
 * A failure that no retry mends. It names the workflow that it is for, among the details, which are encrypted: the
 * workflow believes no other, since whoever reaches Temporal can fail an activity in the worker's stead.
 *
 * @param type - see `failureNames`
 * @param details - for the caller
 */
export const finalFailure = (
  message: string,
  type: string,
  ...details: readonly object[]
): ApplicationFailure =>
  ApplicationFailure.nonRetryable(message, type, ...details, failureOf(servedWorkflow()));
