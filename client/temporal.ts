import {
  Client,
  Connection,
  WithStartWorkflowOperation,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import proto from '@temporalio/proto';
import { z } from 'zod';
import type { TemporalPlace } from '../adapters/settings/temporal.ts';
import { clientDataConverter } from '../adapters/temporal/dataConverter.ts';
import type { KeyRing } from '../adapters/temporal/keyRing.ts';
import { consoleTexts } from '../core/contracts/consoleText.ts';
import { failureNames, type Refusal, type RefusalCode } from '../core/contracts/failures.ts';
import {
  accountOf,
  accountWorkflowId,
  quarterOfCase,
  type AccountId,
  type CaseId,
  type RotationId,
} from '../core/contracts/ids.ts';
import type { ProcessRun } from '../core/contracts/process.ts';
import {
  searchAttributes,
  submit,
  taskQueue,
  wake,
  type Accepted,
  type AccountInput,
  type CaseInput,
  type Submission,
} from '../core/contracts/temporal.ts';
import { ProcessUnavailable, RefusedByProcess } from './errors.ts';
import { readRuns } from './runs.ts';

const refusedDetail = z.tuple([z.object({ code: z.string(), why: z.string() })]).rest(z.unknown());

/** The refusal that an update's failure carries, or null when it failed for another reason. */
const refusalIn = (error: unknown): Refusal | null => {
  if (!(error instanceof WorkflowUpdateFailedError)) return null;
  const { cause } = error;
  if (!(cause instanceof ApplicationFailure)) return null;
  if (cause.type === failureNames.notAnEnvelope) return { code: 'malformed-statement', why: cause.message };
  const detail = refusedDetail.safeParse(cause.details);
  if (cause.type !== failureNames.refused || !detail.success) return null;
  const [{ code, why }] = detail.data;
  // The code was written by our own activity, from the closed set of RefusalCode.
  return { code: code as RefusalCode, why };
};

/** The innermost message: gRPC's own words, which name the server's trouble and no payload. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return 'unknown error';
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message;
};

const translate = (error: unknown, id: string): Error => {
  const refusal = refusalIn(error);
  if (refusal !== null) return new RefusedByProcess(refusal);
  if (error instanceof WorkflowNotFoundError)
    return new RefusedByProcess({
      code: 'wrong-phase',
      why: `${id} is not running: it is closed, or never began`,
    });
  return new ProcessUnavailable(
    `decisions cannot be taken now: temporal or its worker did not answer for ${id} (${reasonOf(error)}); ` +
      'try again, reading still works; if it stays down, use the offline kit',
  );
};

const { TaskQueueType } = proto.temporal.api.enums.v1;

/** A protobuf timestamp in milliseconds; 0 for none. */
const msOf = (time: proto.google.protobuf.ITimestamp | null | undefined): number =>
  time == null ? 0 : Number(time.seconds ?? 0) * 1000;

/** A connection made at its first use, so that a process starts with Temporal down. */
export const connectLazily = ({ namespace: _, ...place }: TemporalPlace): Connection =>
  Connection.lazy(place);

/** How long a person's command waits for a decision, in milliseconds. */
const patience = 10_000;
/** How long a look at the task queue waits, in milliseconds. */
const shortPatience = 2_000;

const startAccount = (account: AccountId): ConstructorParameters<typeof WithStartWorkflowOperation>[1] => ({
  workflowId: accountWorkflowId(account),
  taskQueue,
  args: [{ account } satisfies AccountInput],
  workflowIdConflictPolicy: 'USE_EXISTING',
  staticSummary: consoleTexts.account(account),
  typedSearchAttributes: [{ key: searchAttributes.account, value: account }],
});

const startCase = (id: CaseId) => ({
  workflowId: id,
  taskQueue,
  args: [{ case: id, account: accountOf(id) } satisfies CaseInput] as const,
  workflowIdConflictPolicy: 'USE_EXISTING' as const,
  staticSummary: consoleTexts.case(accountOf(id)),
  typedSearchAttributes: [
    { key: searchAttributes.account, value: accountOf(id) },
    { key: searchAttributes.quarter, value: quarterOfCase(id) },
  ],
});

/**
 * The typed client of the process: decisions as updates, sightings as a
 * signal-with-start. Payloads are encrypted before they leave.
 */
export const createBreakglassClient = (options: {
  readonly connection: Connection;
  readonly namespace: string;
  readonly keyRing: KeyRing;
}) => {
  const { connection } = options;
  const client = new Client({
    connection,
    namespace: options.namespace,
    dataConverter: clientDataConverter(options.keyRing),
  });
  const ask = async <T>(id: string, work: () => Promise<T>, within = patience): Promise<T> => {
    try {
      return await connection.withDeadline(Date.now() + within, work);
    } catch (error) {
      throw translate(error, id);
    }
  };
  return {
    /**
     * Brings a statement before an account; its workflow is started if it never ran.
     *
     * @throws RefusedByProcess or ProcessUnavailable
     */
    submitToAccount: (account: AccountId, submission: Submission, updateId: string): Promise<Accepted> =>
      ask(accountWorkflowId(account), () =>
        client.workflow.executeUpdateWithStart(submit, {
          updateId,
          args: [submission],
          startWorkflowOperation: new WithStartWorkflowOperation('account', startAccount(account)),
        }),
      ),
    /** Brings a statement before a case, which must be running. */
    submitToCase: (id: CaseId, submission: Submission, updateId: string): Promise<Accepted> =>
      ask(id, () => client.workflow.getHandle(id).executeUpdate(submit, { updateId, args: [submission] })),
    /** Tells an account's workflow, started if need be, that the ledger has news. */
    wakeAccount: (account: AccountId): Promise<void> =>
      ask(accountWorkflowId(account), async () => {
        const { workflowIdConflictPolicy: _, ...start } = startAccount(account);
        await client.workflow.signalWithStart('account', { ...start, signal: wake });
      }),
    /**
     * What runs now under an id, null when nothing does: it ended, was terminated or deleted. `chain` is the first run of
     * its chain, which continuing as new keeps; `attempts` is how often its worker has been given the task it has now.
     */
    running: (id: string): Promise<{ readonly chain: string; readonly attempts: number } | null> =>
      ask(id, async () => {
        try {
          const { status, raw } = await client.workflow.getHandle(id).describe();
          if (status.name !== 'RUNNING') return null;
          const chain = raw.workflowExecutionInfo?.firstRunId ?? '';
          return { chain, attempts: raw.pendingWorkflowTask?.attempt ?? 0 };
        } catch (error) {
          if (error instanceof WorkflowNotFoundError) return null;
          throw error;
        }
      }),
    /** What Temporal's own history has of a workflow: every run that it still holds, oldest first, without payloads. */
    runsOf: (id: CaseId | RotationId): Promise<ProcessRun[]> => ask(id, () => readRuns(client, id)),
    /** Ends what runs under an id, if it is of that chain still; the ledger keeps all that it knew. */
    terminate: (id: string, chain: string, reason: string): Promise<void> =>
      ask(id, async () => {
        await client.workflow.getHandle(id, undefined, { firstExecutionRunId: chain }).terminate(reason);
      }),
    /** Starts the workflow of a case that the ledger has, as the account would; one that runs is left alone. */
    rebuildCase: (id: CaseId): Promise<void> =>
      ask(id, async () => {
        await client.workflow.start('breakGlassCase', startCase(id));
      }),
    /**
     * When a worker last asked for work of both kinds; null when none has. For a look that must not keep anybody
     * waiting: it gives up sooner than a decision does.
     *
     * @throws ProcessUnavailable
     */
    lastPolled: (): Promise<Date | null> =>
      ask(
        'the task queue',
        async () => {
          const { TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY } = TaskQueueType;
          const times: number[] = [];
          // One after the other: when one fails, no other is left behind to be tried again on a closed connection.
          for (const taskQueueType of [TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY]) {
            const { pollers } = await connection.workflowService.describeTaskQueue({
              namespace: options.namespace,
              taskQueue: { name: taskQueue },
              taskQueueType,
            });
            times.push(Math.max(0, ...pollers.map(({ lastAccessTime }) => msOf(lastAccessTime))));
          }
          const last = Math.min(...times);
          return last === 0 ? null : new Date(last);
        },
        shortPatience,
      ),
    raw: client,
    close: (): Promise<void> => connection.close(),
  };
};
export type BreakglassClient = ReturnType<typeof createBreakglassClient>;
