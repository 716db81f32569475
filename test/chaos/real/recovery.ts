/** Whether what a fault hit went on, told by rows that nothing else could have brought about. */
import type { StepName } from '../../../activities/rotation/steps.ts';
import type { Row } from '../../../core/contracts/ledger.ts';
import type { Fault, FaultKind } from './plan.ts';

/** A fault that was had. Milliseconds since 1970. */
export interface Broken {
  readonly fault: Fault;
  readonly began: number;
  /** When all that was ended was ready again. */
  readonly up: number;
}

export interface Posted {
  readonly statement: string;
  readonly at: number;
  /** The api's answer, null when there was none; left out while it is waited for. */
  readonly status?: number | null;
}

/** What was asked of the system, and what it wrote. Milliseconds since 1970. */
export interface Seen {
  readonly rows: readonly Row[];
  /** Each statement that somebody sent to the api, and when. */
  readonly posted: readonly Posted[];
  /** When somebody asked Kratos for a session, and when they had it; null when it did not answer. */
  readonly logins: readonly { readonly asked: number; readonly had: number | null }[];
  /** The last time that somebody was to ask for a case, a case was open or a rotation ran. */
  readonly busyUntil: number;
}

/**
 * Seconds from the outage's end, or from when something was first asked of what was hit, until a row told that it went
 * on. Who is asked for nothing can show nothing.
 */
export type Recovery = number | 'never' | 'nothing to go on with';

/** The longest that going on may take. Seconds. */
export const mostRecovery = (outage: number): number => Math.max(30, 2 * outage);

const at = ({ timestamp }: Row): number => Date.parse(timestamp);
const eventsOf = ({ metadata }: Row) => (metadata.events ?? []).map(({ event }) => event);
const isSentinels = ({ actor_role: role }: Row): boolean => role === 'sentinel';
/** A decision, taken or refused, of a workflow. The api's own refusals have keys of its own. */
const isWorkflows = (row: Row): boolean =>
  !isSentinels(row) &&
  !row.key.startsWith('api/') &&
  (eventsOf(row).length > 0 || row.metadata.envelope !== undefined);

/** Steps of a rotation that are written when Kratos has just answered; what is sealed is named before it is set. */
const answeredSteps: readonly unknown[] = [
  ...(['narrowed', 'password-set', 'password-logged-in', 'totp-deleted', 'mfa-confirmed'] as const),
  ...(['second-factor-logged-in', 'shape-restored', 'sessions-ended', 'proven'] as const),
] satisfies StepName[];
const isKratoss = (row: Row): boolean =>
  // The row of a login has the time of Kratos's session.
  row.action === 'break_glass_login' ||
  eventsOf(row).some(({ type }) => type === 'sessions-ended') ||
  (row.action === 'break_glass_rotation' && answeredSteps.includes(row.metadata['step']));

type Answers = (row: Row, it: Broken, seen: Seen) => boolean;
/** Which rows, not older than the outage's end, tell that what was hit went on. */
const answers: Readonly<Record<FaultKind, Answers>> = {
  ...{ 'worker killed': isWorkflows, 'temporal stopped': isWorkflows, 'ledger stopped': isWorkflows },
  // That of a login has Kratos's time, not its own.
  'sentinel killed': (row) => isSentinels(row) && row.action !== 'break_glass_login',
  'api killed': ({ metadata }, { up }, { posted }) =>
    posted.some((each) => each.at >= up && each.statement === metadata.envelope?.statement),
  'kratos stopped': isKratoss,
  'woken twice': (row) => eventsOf(row).length > 0,
};

type Asks = (it: Broken, seen: Seen, later: readonly Broken[]) => readonly number[];
const posts: Asks = ({ up }, { posted }) => posted.map((each) => each.at).filter((each) => each >= up);
/** A rotation that runs at the outage's end is to go on. */
const rotates: Asks = ({ up }, { rows }) => {
  const before = rows.filter((row) => at(row) < up).flatMap(eventsOf);
  const last = before.findLast(({ type }) => /^rotation-(started|proven|failed)$/.test(type));
  return last?.type === 'rotation-started' ? [up] : [];
};
const asksWorkflows: Asks = (...it) => [...rotates(...it), ...posts(...it)];
/** When something was asked of what was hit, after the outage. */
const asks: Readonly<Record<FaultKind, Asks>> = {
  ...{ 'worker killed': asksWorkflows, 'temporal stopped': asksWorkflows, 'ledger stopped': asksWorkflows },
  // The hook of a login in a later outage may be lost: the sweep finds it, in its own time.
  'sentinel killed': ({ up }, { logins }, later) =>
    logins.flatMap(({ asked, had }) =>
      asked < up || had === null || later.some((each) => each.began <= had && each.up >= asked) ? [] : [had],
    ),
  'api killed': posts,
  'kratos stopped': (it, seen, later) => [
    ...rotates(it, seen, later),
    ...seen.logins.map(({ asked }) => asked).filter((each) => each >= it.up),
    ...seen.rows
      .filter((row) => at(row) >= it.up && eventsOf(row).some(({ type }) => type === 'rotation-started'))
      .map(at),
  ],
  'woken twice': asksWorkflows,
};

/**
 * How soon what was hit went on. What a later fault holds up has from that one's end, unless it was late already.
 *
 * @param later - the faults that were had after it, in their order
 */
export const recoveryOf = (it: Broken, later: readonly Broken[], seen: Seen): Recovery => {
  const { fault, began, up } = it;
  const most = 1000 * mostRecovery((up - began) / 1000);
  const answered = Math.min(
    ...seen.rows.filter((row) => at(row) >= up && answers[fault.kind](row, it, seen)).map(at),
  );
  const asked = Math.min(...asks[fault.kind](it, seen, later));
  if (answered <= asked) return answered === Infinity ? 'nothing to go on with' : 0;
  let from = asked;
  for (const each of later) {
    if (each.began >= answered || each.began - from > most) break;

    from = Math.max(from, each.up);
  }
  if (answered < Infinity) return Math.max(0, answered - from) / 1000;
  return seen.busyUntil - from > most ? 'never' : 'nothing to go on with';
};

/** A fault that was had, with what became of what it hit. Seconds. */
export interface Had {
  readonly fault: Fault;
  readonly outage: number;
  readonly recovery: Recovery;
  /** The api's answers to what was sent from the outage's end until it went on, or until nobody asked any more. */
  readonly answered: readonly (number | null)[];
}

/** @param all - in their order */
export const recoveriesOf = (all: readonly Broken[], seen: Seen): Had[] =>
  all.map((it, n) => {
    const recovery = recoveryOf(it, all.slice(n + 1), seen);
    const sent = seen.posted.filter((each) => each.at >= it.up);
    const until = typeof recovery === 'number' ? (sent[0]?.at ?? it.up) + recovery * 1000 : seen.busyUntil;
    return {
      ...{ fault: it.fault, outage: (it.up - it.began) / 1000, recovery },
      answered: sent.flatMap(({ at: sentAt, status }) =>
        sentAt > until || status === undefined ? [] : [status],
      ),
    };
  });

/** The longest that anything took to go on; for ever, if something never did. */
export const slowestOf = (had: readonly Had[]): number =>
  Math.max(
    0,
    ...had.map(({ recovery }) =>
      recovery === 'never' ? Infinity : recovery === 'nothing to go on with' ? 0 : recovery,
    ),
  );

/** How often each kind of a plan was had, and in how many of them what was hit went on, or was asked for nothing. */
export const wentOn = (
  plan: readonly Fault[],
  had: readonly Had[],
): Map<FaultKind, { readonly had: number; readonly on: number; readonly idle: number }> =>
  new Map(
    plan.map(({ kind }) => {
      const ofKind = had.filter(({ fault }) => fault.kind === kind).map(({ recovery }) => recovery);
      const on = ofKind.filter((each) => typeof each === 'number').length;
      const idle = ofKind.filter((each) => each === 'nothing to go on with').length;
      return [kind, { had: ofKind.length, on, idle }];
    }),
  );

export const asWords = (recovery: Recovery): string =>
  typeof recovery === 'number' ? `went on ${recovery.toFixed(1)} s later` : recovery;
