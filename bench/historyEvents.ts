import { Client, Connection } from '@temporalio/client';
import proto from '@temporalio/proto';

/** The kinds of a workflow's events, in order. */
export type History = readonly string[];

const { EventType } = proto.temporal.api.enums.v1;
const nameOf = (type: number): string =>
  (EventType[type] ?? `type ${type}`).replace('EVENT_TYPE_', '').toLowerCase();

/** Reads the histories of some workflows from a real server; one that never ran is empty. */
export const readHistories = async (
  address: string,
  workflowIds: readonly string[],
): Promise<Record<string, History>> => {
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const histories: Record<string, History> = {};
  for (const id of workflowIds) {
    const { events } = await client.workflow.getHandle(id).fetchHistory();
    histories[id] = (events ?? []).map((event) => nameOf(Number(event.eventType)));
  }
  await connection.close();
  return histories;
};

/** How often each kind comes. */
export const countOf = (history: History): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const kind of history) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
};

const accepted = 'workflow_execution_update_accepted';
const completed = 'workflow_execution_update_completed';

/** What a workflow task and its commands left, from one task's scheduling to the next's. */
const tasksOf = (history: History): string[][] => {
  const tasks: string[][] = [];
  for (const kind of history) {
    if (kind === 'workflow_task_scheduled') tasks.push([]);
    tasks.at(-1)?.push(kind);
  }
  return tasks;
};

/** A workflow task is scheduled, started and completed. */
const tasksEvents = 3;

export interface Cost {
  /** People's decisions. */
  readonly decisions: number;
  /** The most events that one of them cost: its task's three, acceptance, marker, completion. */
  readonly mostOfADecision: number;
  /** All other events: timers, search attributes, signals, children, activities and their tasks. */
  readonly rest: number;
}

/** Splits a history into what its decisions cost and the rest. */
export const costOf = (history: History): Cost => {
  const hearing = tasksOf(history).filter((task) => task.includes(accepted));
  const costs = hearing.map((task) => {
    const heard = task.filter((kind) => kind === accepted).length;
    // What follows the completion is what the decision set going, not what it cost to hear it. The completion
    // itself may come in a later task (a request waits for its child); it is the decision's all the same.
    const end = task.includes(completed) ? task.lastIndexOf(completed) : task.length;
    const markers = task.slice(0, end).filter((kind) => kind === 'marker_recorded').length;
    return { heard, events: tasksEvents + markers + 2 * heard };
  });
  return {
    decisions: history.filter((kind) => kind === completed).length,
    mostOfADecision: Math.max(0, ...costs.map(({ heard, events }) => Math.ceil(events / heard))),
    rest: history.length - costs.reduce((sum, { events }) => sum + events, 0),
  };
};
