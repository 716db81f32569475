import { z } from 'zod';
import type { Phase } from '../rules/case/state.ts';
import { obligationKind, type ObligationKind } from './events.ts';
import { accountId, caseId, rotationId, type AccountId, type CaseId, type RotationId } from './ids.ts';

/**
 * What Temporal's own console shows of a workflow, an activity or a timer. These texts leave unencrypted, so they are
 * made here only, of fixed words and of what Temporal holds in the clear anyway: ids, phases, counts, instants. Never
 * of what people wrote, and never of people's names.
 *
 * @see docs/decisions/0020-console-texts-are-in-the-clear.md
 */
export const consoleTexts = {
  account: (id: AccountId) => `break-glass account ${id}`,
  case: (id: AccountId) => `break-glass case of ${id}`,
  rotation: (id: AccountId) => `rotation of ${id}`,
} as const;

/** Of activities, and of timers that no deadline sets. */
export const stepTexts = {
  hearAccount: 'account: check a signed statement, and write what it decides',
  hearCase: 'case: check a signed statement, and write what it decides',
  tickAccount: 'account: read the ledger, and do what is due',
  tickCase: 'case: read the ledger, and do what is due',
  endSessions: 'case: end every session of the account',
  recordGone: 'account: a workflow was gone; record it and ring',
  rotate: 'steps 1 to 9: seal, set, prove',
  recordRotationFailure: 'the rotation cannot be finished: record it and ring',
  askAgain: 'ask the worker again',
  lookAgain: 'look again for a rotation that runs already',
  beginAgain: 'begin the rotation again',
} as const;

/** What a timer is armed for. */
export const deadlineTexts = {
  requested: 'the request expires: not enough approvals',
  authorised: 'the case expires: not enough shares',
  released: 'the case expires: no login',
  'in-session': 'the longest session is over: it is ended',
  silence: 'a login should have been seen by now: silence rings',
  reminder: 'somebody is reminded of what they owe',
  overdue: 'what somebody owes is overdue: it climbs',
  unclaimed: 'a login that nobody claimed rings',
} as const;
export type Deadline = keyof typeof deadlineTexts;

/** What a case waits for, for whoever looks at it in Temporal's console. */
const phaseTexts = {
  requested: 'asked for; waits for approvals',
  unanswered: 'a login that nobody claimed; waits for “mine” or “stop”',
  authorised: 'authorised; waits for shares',
  released: 'released; waits for the login',
  'in-session': 'in session',
  ended: 'ended; waits for the rotation',
  settling: 'settling; waits for what people owe',
  closed: 'closed',
  denied: 'denied',
  withdrawn: 'withdrawn',
  expired: 'expired',
} as const satisfies Record<Phase, string>;

const counted = (kinds: readonly ObligationKind[]): string =>
  [...new Set(kinds)].map((kind) => `${kinds.filter((each) => each === kind).length} × ${kind}`).join(', ');

/** Current details of a case. */
export const caseDetails = (of: {
  readonly phase: Phase;
  /** Kinds of what is owed, one for each person who owes it. */
  readonly owed: readonly ObligationKind[];
  readonly overdue: readonly ObligationKind[];
  readonly next: { readonly at: string; readonly what: Deadline } | null;
}): string =>
  [
    phaseTexts[of.phase],
    ...(of.owed.length === 0 ? [] : [`owed: ${counted(of.owed)}`]),
    ...(of.overdue.length === 0 ? [] : [`overdue: ${counted(of.overdue)}`]),
    ...(of.next === null ? [] : [`next, ${of.next.at}: ${deadlineTexts[of.next.what]}`]),
  ].join('\n\n');

/** Current details of an account. */
export const accountDetails = (of: {
  readonly isProvisioned: boolean;
  readonly cases: readonly CaseId[];
  readonly rotation: RotationId | null;
}): string =>
  [
    of.isProvisioned ? 'provisioned' : 'not provisioned',
    ...of.cases.map((each) => `open: ${each}`),
    ...(of.rotation === null ? [] : [`runs: ${of.rotation}`]),
  ].join('\n\n');

const instantLine = /^next, \d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z: /;
const oneCount = `\\d{1,4} × (?:${obligationKind.options.join('|')})`;
const countLine = new RegExp(`^(?:owed|overdue): ${oneCount}(?:, ${oneCount})*$`);
const fixed: ReadonlySet<string> = new Set([
  ...Object.values(stepTexts),
  ...Object.values(deadlineTexts),
  ...Object.values(phaseTexts),
  ...['provisioned', 'not provisioned'],
]);
const idAfter = (line: string, prefixes: readonly string[], id: z.ZodType): boolean =>
  prefixes.some((each) => line.startsWith(each) && id.safeParse(line.slice(each.length)).success);

const isLine = (line: string): boolean =>
  fixed.has(line) ||
  countLine.test(line) ||
  (instantLine.test(line) && fixed.has(line.replace(instantLine, ''))) ||
  idAfter(line, ['break-glass account ', 'break-glass case of ', 'rotation of '], accountId) ||
  idAfter(line, ['open: '], caseId) ||
  idAfter(line, ['runs: '], rotationId);

/** Whether a text is one of those above and nothing else. */
const isConsoleText = (text: string): boolean => text.split('\n\n').every(isLine);

/** Ours have no description; those of the SDK itself begin with two underscores. */
const handlers = z.array(
  z.union([
    z.strictObject({ name: z.enum(['submit', 'view', 'wake', 'renew']) }),
    z.strictObject({ name: z.string().regex(/^__[a-z_]{1,60}$/), description: z.string().max(200) }),
  ]),
);
/** What a workflow answers the console of itself: the names of its handlers, and its current details. */
const ofWorkflow = z.strictObject({
  definition: z.strictObject({
    type: z.enum(['account', 'breakGlassCase', 'rotation']),
    ...{ queryDefinitions: handlers, signalDefinitions: handlers, updateDefinitions: handlers },
  }),
  currentDetails: z.string().refine((text) => text === '' || isConsoleText(text)),
});

/** Whether a payload's value is for the console: a summary, or what a workflow says of itself. */
export const isForConsole = (value: unknown): boolean =>
  typeof value === 'string' ? isConsoleText(value) : ofWorkflow.safeParse(value).success;
