import { ApplicationFailure, currentUpdateInfo } from '@temporalio/workflow';
import { failureNames } from '../core/contracts/failures.ts';
import { submission, type Submission } from '../core/contracts/temporal.ts';

/**
 * Update validator: synchronous and read-only, so it refuses only what is no
 * signed envelope at all. Proof and rules are the handler's, which leaves a row.
 *
 * @throws ApplicationFailure `NotAnEnvelope`
 */
export const validateSubmission = (input: Submission): void => {
  const parsed = submission.safeParse(input);
  if (parsed.success) return;
  throw ApplicationFailure.create({
    type: failureNames.notAnEnvelope,
    message: `not a signed envelope: ${parsed.error.issues.map((each) => `${each.path.join('.')} ${each.message}`).join('; ')}`,
    nonRetryable: true,
  });
};

/** The idempotency key of the running update: workflow id and update id. */
export const updateKey = (workflowId: string): string => {
  const info = currentUpdateInfo();
  if (info === undefined) throw new Error('an update key was asked for outside an update');
  return `${workflowId}/update/${info.id}`;
};

/** The workflow's own time as an instant; replay gives the same. */
export const now = (): string => new Date(Date.now()).toISOString();
