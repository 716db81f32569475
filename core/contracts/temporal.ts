import { defineSearchAttributeKey } from '@temporalio/common';
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import { z } from 'zod';
import type { Pair } from './events.ts';
import type { AccountId, CaseId, RotationId } from './ids.ts';
import type { CarriedAccount } from '../rules/account/state.ts';
import { envelope } from './statements.ts';

/** The one task queue of this version's workflows and activities. */
export const taskQueue = 'breakglass';

/** What an update carries: a signed envelope, and where it came from as the api saw it. */
export const submission = z.strictObject({
  envelope,
  origin: z.strictObject({ ip: z.string().max(64).nullable(), userAgent: z.string().max(512).nullable() }),
});
export type Submission = z.infer<typeof submission>;

/** What became of an accepted statement. */
export interface Accepted {
  /** The ledger row that made it so. */
  readonly seq: number;
  readonly case: CaseId | null;
  readonly rotation: RotationId | null;
  /** Events that followed, by name, for the person at the screen. */
  readonly events: readonly string[];
}

/** A person's signed decision, sent to `account/…` or `case/…`. */
export const submit = defineUpdate<Accepted, [Submission]>('submit');

/**
 * What a workflow's activity answers it: whoever reaches Temporal can answer in the worker's stead, in plaintext, which
 * comes marked, or with an encrypted answer that was to another workflow, or to another question.
 */
const newsFor = (workflow: string, after: number) =>
  z.object({
    of: z.literal(workflow),
    after: z.literal(after),
    seq: z.number(),
    events: z.array(z.object({ seq: z.number(), event: z.object({ type: z.string() }) })),
    wakes: z.array(z.string()),
  });
/**
 * Whether it can be what the worker answered this workflow.
 *
 * @param after - the row that it was asked for news after
 */
export const isAnswerTo = (workflow: string, after: number, answer: unknown): boolean => {
  const news = newsFor(workflow, after);
  return z.union([news, z.object({ news })]).safeParse(answer).success;
};

/** Among the details of every final failure of an activity of ours: encrypted, unlike the failure's type. */
export const failureOf = (workflow: string) => ({ failureOf: workflow }) as const;
/** Whether a final failure's details say that it is the worker's, to this workflow. */
export const isFailureOf = (workflow: string, details: unknown): boolean =>
  z
    .array(z.unknown())
    .safeParse(details)
    .data?.some((each) => z.object({ failureOf: z.literal(workflow) }).safeParse(each).success) ?? false;

/** The ledger has news for this workflow; it carries nothing, so forging it gains nothing. */
export const wake = defineSignal('wake');

/**
 * Begin a new run that carries on, under the payload key of now; it too carries nothing. For an operator who retires
 * a key.
 */
export const renew = defineSignal('renew');

/** What readers get of a running workflow: its state as plain JSON. */
export const view = defineQuery<unknown>('view');

/** Search attributes: never names of people, never reasons. */
export const searchAttributes = {
  account: defineSearchAttributeKey('BreakglassAccount', 'KEYWORD'),
  kind: defineSearchAttributeKey('BreakglassKind', 'KEYWORD'),
  phase: defineSearchAttributeKey('BreakglassPhase', 'KEYWORD'),
  scenario: defineSearchAttributeKey('BreakglassScenario', 'KEYWORD'),
  quarter: defineSearchAttributeKey('BreakglassQuarter', 'KEYWORD'),
  overdue: defineSearchAttributeKey('BreakglassOverdue', 'BOOL'),
  nextDeadline: defineSearchAttributeKey('BreakglassNextDeadline', 'DATETIME'),
} as const;

/** The same, as `temporal server start-dev --search-attribute` wants them. */
export const searchAttributeTypes = {
  BreakglassAccount: 'Keyword',
  BreakglassKind: 'Keyword',
  BreakglassPhase: 'Keyword',
  BreakglassScenario: 'Keyword',
  BreakglassQuarter: 'Keyword',
  BreakglassOverdue: 'Bool',
  BreakglassNextDeadline: 'Datetime',
} as const;

export interface AccountInput {
  readonly account: AccountId;
  /** What an earlier run had absorbed; absent at the very first start, when the ledger tells all. */
  readonly carried?: { readonly state: CarriedAccount; readonly seq: number };
}

export interface CaseInput {
  readonly case: CaseId;
  readonly account: AccountId;
}

export interface RotationInput {
  readonly rotation: RotationId;
  readonly account: AccountId;
}

export interface RotationOutcome {
  readonly identity: string;
  readonly pair: Pair;
}
