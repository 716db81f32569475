/** A workflow's raw history as lines that hold no payload. */
import { tsToMs } from '@temporalio/common/lib/time.js';
import type proto from '@temporalio/proto';
import { z } from 'zod';
import { isForConsole } from '../core/contracts/consoleText.ts';
import type { ProcessRun, RunLine } from '../core/contracts/process.ts';

type Event = proto.temporal.api.history.v1.IHistoryEvent;
type Failure = proto.temporal.api.failure.v1.IFailure;
type Payload = proto.temporal.api.common.v1.IPayload;
type Told = Pick<RunLine, 'what'> & Partial<RunLine>;

/** Lines of one run that are told; the newest. */
const MOST = 1_000;

/** An instant of Temporal's, to the millisecond. */
export const instantOf = (time: Event['eventTime']): string => new Date(tsToMs(time)).toISOString();

/** A name as code gives it; whoever reaches Temporal could write anything there. */
export const named = (name: string | null | undefined): string | null =>
  name != null && /^[A-Za-z_][\w.-]{0,79}$/.test(name) ? name : null;

/** A failure's type. Its message is encrypted. */
export const failureTypeOf = (failure: Failure | null | undefined): string | null => {
  if (failure == null) return null;
  const { applicationFailureInfo, timeoutFailureInfo, canceledFailureInfo } = failure;
  if (applicationFailureInfo != null) return named(applicationFailureInfo.type) ?? 'failure';
  if (timeoutFailureInfo != null) return 'timeout';
  if (canceledFailureInfo != null) return 'cancelled';
  return failureTypeOf(failure.cause) ?? 'failure';
};

const jsonOf = (payload: Payload | null | undefined): unknown => {
  try {
    return JSON.parse(Buffer.from(payload?.data ?? []).toString('utf8'));
  } catch {
    return undefined;
  }
};

/** What a timer is armed for, where it says so in words that are for the console. */
const summaryOf = ({ userMetadata }: Event): string | null => {
  const text = jsonOf(userMetadata?.summary);
  return typeof text === 'string' && isForConsole(text) ? text : null;
};

/** What the SDK's core notes, in the clear, of a local activity; no part of its input or result. */
const localActivity = z.object({ activity_type: z.string(), attempt: z.int() });

/** What earlier events said of one that a later event names by number. */
interface Seen {
  readonly activities: Map<string, { name: string | null; attempt: number }>;
  readonly timers: Map<string, { name: string | null; fires: string }>;
}

/** Of an activity that was handed to a worker: how it ended. */
const endOfActivity = (event: Event, { activities }: Seen): Told | null => {
  const { activityTaskCompletedEventAttributes: done, activityTaskFailedEventAttributes: failed } = event;
  const timedOut = event.activityTaskTimedOutEventAttributes;
  const number = (done ?? failed ?? timedOut)?.scheduledEventId;
  if (number == null) return null;
  const of = { name: null, attempt: 1, ...activities.get(String(number)) };
  if (done != null) return { what: 'done', ...of };
  if (failed != null) return { what: 'failed', ...of, failure: failureTypeOf(failed.failure) };
  return { what: 'timed-out', ...of, failure: failureTypeOf(timedOut?.failure) };
};

/** Of one that ran within a workflow task. */
const localOf = ({ markerRecordedEventAttributes: marker }: Event): Told | null => {
  if (marker?.markerName !== 'core_local_activity') return null;
  const data = localActivity.safeParse(jsonOf(marker.details?.['data']?.payloads?.[0])).data;
  const of = { name: named(data?.activity_type), attempt: data?.attempt ?? null };
  return marker.failure == null
    ? { what: 'done', ...of }
    : { what: 'failed', ...of, failure: failureTypeOf(marker.failure) };
};

/** What came from outside, or went there. */
const crossingOf = (event: Event): Told | null => {
  const { workflowExecutionUpdateAcceptedEventAttributes: heard } = event;
  const { workflowExecutionSignaledEventAttributes: signalled } = event;
  const { startChildWorkflowExecutionInitiatedEventAttributes: child } = event;
  if (heard != null) return { what: 'heard', name: named(heard.acceptedRequest?.input?.name) };
  if (signalled != null) return { what: 'signalled', name: named(signalled.signalName) };
  return child == null ? null : { what: 'child-begun', name: named(child.workflowType?.name) };
};

/** How a run began, failed at a task, and ended. */
const lifeOf = (event: Event): Told | null => {
  const { workflowExecutionStartedEventAttributes: started } = event;
  if (started != null) return { what: 'started', name: named(started.workflowType?.name) };
  const { workflowTaskFailedEventAttributes: task } = event;
  if (task != null) return { what: 'task-failed', failure: failureTypeOf(task.failure) };
  if (event.workflowTaskTimedOutEventAttributes != null) return { what: 'task-timed-out' };
  if (event.workflowExecutionContinuedAsNewEventAttributes != null) return { what: 'continued' };
  if (event.workflowExecutionCompletedEventAttributes != null) return { what: 'completed' };
  const { workflowExecutionFailedEventAttributes: failed } = event;
  if (failed != null) return { what: 'run-failed', failure: failureTypeOf(failed.failure) };
  if (event.workflowExecutionTimedOutEventAttributes != null) return { what: 'run-timed-out' };
  if (event.workflowExecutionCanceledEventAttributes != null) return { what: 'cancelled' };
  return event.workflowExecutionTerminatedEventAttributes == null ? null : { what: 'terminated' };
};

const timerOf = (event: Event, { timers }: Seen): Told | null => {
  const fired = event.timerFiredEventAttributes?.timerId;
  return fired == null ? null : { what: 'timer-fired', name: timers.get(fired)?.name ?? null };
};

/** Keeps what later events name. */
const note = (event: Event, { activities, timers }: Seen): void => {
  const { activityTaskScheduledEventAttributes: scheduled, activityTaskStartedEventAttributes: begun } =
    event;
  if (scheduled != null)
    activities.set(String(event.eventId), { name: named(scheduled.activityType?.name), attempt: 1 });
  const activity = activities.get(String(begun?.scheduledEventId));
  if (activity !== undefined) activity.attempt = begun?.attempt ?? 1;
  const { timerStartedEventAttributes: armed } = event;
  if (armed?.timerId != null) {
    const fires = new Date(tsToMs(event.eventTime) + tsToMs(armed.startToFireTimeout)).toISOString();
    timers.set(armed.timerId, { name: summaryOf(event), fires });
  }
  const gone = event.timerCanceledEventAttributes?.timerId;
  if (gone != null) timers.delete(gone);
};

/**
 * What a run's history tells, in its order, and the timers that it has armed.
 *
 * @param events - as Temporal gives them, not decoded
 */
export const tellEvents = (
  events: readonly Event[],
): Pick<ProcessRun, 'lines' | 'leftOut'> & { readonly timers: ProcessRun['pending']['timers'] } => {
  const seen: Seen = { activities: new Map(), timers: new Map() };
  const lines = events.flatMap((event): RunLine[] => {
    note(event, seen);
    const told =
      endOfActivity(event, seen) ??
      localOf(event) ??
      crossingOf(event) ??
      timerOf(event, seen) ??
      lifeOf(event);
    const fired = event.timerFiredEventAttributes?.timerId;
    if (fired != null) seen.timers.delete(fired);
    const nothing = { name: null, attempt: null, failure: null };
    return told === null ? [] : [{ at: instantOf(event.eventTime), ...nothing, ...told }];
  });
  const leftOut = Math.max(0, lines.length - MOST);
  return { lines: lines.slice(leftOut), leftOut, timers: [...seen.timers.values()] };
};
