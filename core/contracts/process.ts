/** What Temporal's own history tells of a case's workflows: kinds, counts and instants, never a payload. */
import { z } from 'zod';
import { caseId, instant, rotationId } from './ids.ts';

/** What can be told of a run; all else in its history is Temporal's own bookkeeping, or a payload. */
export const happening = z.enum([
  'started',
  'heard',
  'signalled',
  'done',
  'failed',
  'timed-out',
  'timer-fired',
  'child-begun',
  'task-failed',
  'task-timed-out',
  'continued',
  'completed',
  'run-failed',
  'run-timed-out',
  'cancelled',
  'terminated',
]);
export type Happening = z.infer<typeof happening>;

const attempted = {
  /** Counted from 1; null where there is nothing to be tried again. */
  attempt: z.int().nullable(),
  /** The failure's type; its message is encrypted, and stays so. */
  failure: z.string().nullable(),
};

export const runLine = z.strictObject({
  /** By Temporal's clock. */
  at: instant,
  what: happening,
  /** Of an activity, update, signal or child: its type. Of a timer: what it was armed for. */
  name: z.string().nullable(),
  ...attempted,
});
export type RunLine = z.infer<typeof runLine>;

export const processRun = z.strictObject({
  run: z.string(),
  type: z.string(),
  status: z.string(),
  started: instant,
  closed: instant.nullable(),
  /** How many events its history has. */
  events: z.int(),
  lines: z.array(runLine),
  /** Earlier lines that are left out of a long history. */
  leftOut: z.int(),
  /** What it waits for now. */
  pending: z.strictObject({
    activities: z.array(z.strictObject({ name: z.string().nullable(), ...attempted })),
    timers: z.array(z.strictObject({ name: z.string().nullable(), fires: instant })),
    /** How often a worker was given the task that it has now; 0 when it has none. */
    taskAttempts: z.int(),
  }),
});
export type ProcessRun = z.infer<typeof processRun>;

export const processView = z.strictObject({
  case: caseId,
  /** The case's own, then its rotations'; without runs where Temporal no longer has, or never had, any. */
  workflows: z.array(z.strictObject({ workflow: z.union([caseId, rotationId]), runs: z.array(processRun) })),
});
export type ProcessView = z.infer<typeof processView>;
