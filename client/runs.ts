/** What Temporal holds of a workflow: each of its runs, without payloads. */
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { ProcessRun } from '../core/contracts/process.ts';
import { failureTypeOf, named, tellEvents } from './runLines.ts';

/** Runs of one workflow that are told; the newest. */
const MOST_RUNS = 20;

const orNull = async <T>(work: Promise<T>): Promise<T | null> => {
  try {
    return await work;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
};

/** Those that Temporal's index knows, and the newest: the index is behind. */
const runIdsOf = async (client: Client, id: string): Promise<ReadonlySet<string>> => {
  const ids = new Set<string>();
  const newest = await orNull(client.workflow.getHandle(id).describe());
  if (newest !== null) ids.add(newest.runId);
  for await (const { runId } of client.workflow.list({
    query: `WorkflowId = '${id}'`,
    pageSize: MOST_RUNS,
  })) {
    if (ids.size >= MOST_RUNS) break;
    ids.add(runId);
  }
  return ids;
};

const readRun = async (client: Client, id: string, run: string): Promise<ProcessRun | null> => {
  const handle = client.workflow.getHandle(id, run);
  const described = await orNull(handle.describe());
  const history = await orNull(handle.fetchHistory());
  if (described === null || history === null) return null;
  const { raw, status, startTime, closeTime } = described;
  const events = history.events ?? [];
  const { timers, ...told } = tellEvents(events);
  const isRunning = status.name === 'RUNNING';
  return {
    ...{ run, type: described.type, status: status.name.toLowerCase().replaceAll('_', '-') },
    ...{ started: startTime.toISOString(), closed: closeTime?.toISOString() ?? null },
    ...{ events: events.length, ...told },
    pending: {
      activities: (raw.pendingActivities ?? []).map(({ activityType, attempt, lastFailure }) => ({
        ...{ name: named(activityType?.name), attempt: attempt ?? null },
        failure: failureTypeOf(lastFailure),
      })),
      timers: isRunning ? timers : [],
      taskAttempts: raw.pendingWorkflowTask?.attempt ?? 0,
    },
  };
};

/**
 * Every run under an id that Temporal still has, oldest first: those that it continued as new, and those that were
 * terminated and begun again.
 *
 * @param id - of a workflow; it is part of a query, so never what somebody typed
 * @throws gRPC's errors
 */
export const readRuns = async (client: Client, id: string): Promise<ProcessRun[]> => {
  const runs: ProcessRun[] = [];
  for (const run of await runIdsOf(client, id)) {
    const read = await readRun(client, id, run);
    if (read !== null) runs.push(read);
  }
  return runs.toSorted((one, other) => one.started.localeCompare(other.started));
};
