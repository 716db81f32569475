/** What Temporal's own history adds to a case's story. Nobody signed it: it is shown beside the ledger, never as part. */
import type { CaseId } from '../../../core/contracts/ids.ts';
import {
  processView,
  type ProcessRun,
  type ProcessView,
  type RunLine,
} from '../../../core/contracts/process.ts';
import type { Api } from '../api.ts';
import { casePath } from '../caseName.ts';
import { CliError, exits } from '../exits.ts';
import { when } from '../printable.ts';

export type Process =
  | { readonly kind: 'told'; readonly workflows: ProcessView['workflows'] }
  | { readonly kind: 'not-read'; readonly why: string };

/** Reads it, or says why not: the ledger's story does not need it. */
export const readProcess = async (api: Api, id: CaseId): Promise<Process> => {
  try {
    const { workflows } = await api.get(casePath(id, '/process'), processView);
    return { kind: 'told', workflows };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    if (error.code === 'forbidden')
      return { kind: 'not-read', why: 'your roles do not read it; an auditor’s do' };
    if (error.exit === exits.unreachable) return { kind: 'not-read', why: error.message };
    throw error;
  }
};

const words = {
  started: 'began',
  heard: 'heard an update',
  signalled: 'took a signal',
  done: 'ran',
  failed: 'FAILED at',
  'timed-out': 'got no answer in time from',
  'timer-fired': 'timer fired',
  'child-begun': 'began a workflow',
  'task-failed': 'FAILED at a workflow task',
  'task-timed-out': 'no worker answered a workflow task in time',
  continued: 'continued as a new run',
  completed: 'completed',
  'run-failed': 'the run FAILED',
  'run-timed-out': 'the run timed out',
  cancelled: 'was cancelled',
  terminated: 'was TERMINATED',
} satisfies Record<RunLine['what'], string>;

type Tried = Pick<RunLine, 'name' | 'attempt' | 'failure'>;

/** An attempt is said from the second on, or where it failed. */
const tried = ({ name, attempt, failure }: Tried): string[] => [
  ...(name === null ? [] : [name]),
  ...(attempt === null || (attempt === 1 && failure === null) ? [] : [`attempt ${attempt}`]),
  ...(failure === null ? [] : [`failure ${failure}`]),
];

/** A line between the ledger's. */
export interface Aside {
  /** UTC, by Temporal's clock. */
  readonly at: string;
  readonly text: string;
}

/** Each line with its workflow, in order of time; what several workflows did at once stays in their order. */
export const asidesOf = (process: Process | null): Aside[] =>
  process?.kind !== 'told'
    ? []
    : process.workflows
        .flatMap(({ workflow, runs }) =>
          runs.flatMap(({ lines }) =>
            lines.map((line) => ({
              at: line.at,
              text: `temporal, unsigned: ${workflow} ${words[line.what]}${tried(line)
                .map((each, n) => `${n === 0 ? ' ' : ', '}${each}`)
                .join('')}`,
            })),
          ),
        )
        .toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at));

const waitsFor = ({ pending: { activities, timers, taskAttempts } }: ProcessRun): string[] => [
  ...activities.map((each) => `waits for ${tried(each).join(', ')}`),
  ...timers.map(({ name, fires }) => `timer, ${when(fires)}: ${name ?? 'not said for what'}`),
  ...(taskAttempts < 2 ? [] : [`its worker was given the same task ${taskAttempts} times`]),
];

const runText = (workflow: string, it: ProcessRun): string[] => [
  `  ${workflow}: ${it.status}, run ${it.run}, ${it.events} events`,
  `    began ${when(it.started)}, ${it.closed === null ? 'not over' : `over ${when(it.closed)}`}`,
  ...(it.leftOut === 0 ? [] : [`    ${it.leftOut} earlier lines are not shown`]),
  ...waitsFor(it).map((each) => `    ${each}`),
];

/** Each run, what it waits for, and how far to believe all of it; nothing when nobody asked. */
export const processText = (process: Process | null): string[] => {
  if (process === null) return [];
  if (process.kind === 'not-read') return ['', `Temporal’s own history is not shown: ${process.why}.`];
  return [
    '',
    'Temporal’s own history, the lines with ~: not signed, by Temporal’s clock, no part of the ledger’s proof.',
    ...process.workflows.flatMap(({ workflow, runs }) =>
      runs.length === 0
        ? [`  ${workflow}: Temporal holds no run of it (any more)`]
        : runs.flatMap((each) => runText(workflow, each)),
    ),
  ];
};
