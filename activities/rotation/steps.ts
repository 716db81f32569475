import { ApplicationFailure } from '@temporalio/common';
import type { AccountEvent, Pair, SealedAt } from '../../core/contracts/events.ts';
import { parts, type AccountId, type CaseId, type Part, type RotationId } from '../../core/contracts/ids.ts';
import type { Metadata } from '../../core/contracts/ledger.ts';
import { machineDeed, type Recorder } from '../recorder.ts';

/** The ten steps' names as the ledger has them (the tenth, attestation, is people's). */
export type StepName =
  | 'identity-found'
  | 'password-sealed'
  | 'password-set'
  | 'password-logged-in'
  | 'totp-deleted'
  | 'mfa-sealed'
  | 'mfa-confirmed'
  | 'second-factor-logged-in'
  | 'shape-restored'
  | 'sessions-ended'
  | 'proven';

/** Every sealed generation of each part that may be the live one: at most two. */
export interface Candidates {
  readonly password: readonly SealedAt[];
  readonly mfa: readonly SealedAt[];
}

/** One run of a rotation: who it is for, and how its steps reach the ledger. */
export interface Run {
  readonly rotation: RotationId;
  readonly account: AccountId;
  readonly case: CaseId | null;
  /** Told apart from every other try: the workflow's run and the activity's attempt in it. */
  readonly run: string;
  readonly attempt: number;
  /** The pair that opens the account until this rotation is proven. */
  readonly old: Pair | null;
}

const named = (candidates: Candidates): Metadata =>
  Object.fromEntries(
    parts.map((part: Part) => [part, candidates[part].map(({ generation, seal }) => ({ generation, seal }))]),
  );

/**
 * Writes a rotation's step into the ledger, with the candidates that may open
 * the account from here on. The row comes before the deed it announces.
 *
 * @throws ApplicationFailure `RotationOver`: another try has proven it meanwhile, or it was given up
 */
export const createStepWriter =
  (record: Recorder, clock: () => Date, run: Run) =>
  async (
    step: StepName,
    candidates: Candidates,
    detail: Metadata = {},
    events: readonly AccountEvent[] = [],
  ): Promise<void> => {
    const metadata: Metadata = {
      ...detail,
      ...{ rotation: run.rotation, step, attempt: run.attempt, candidates: named(candidates) },
    };
    await record({
      account: run.account,
      about: { case: run.case },
      key: `${run.rotation}/${run.run}/${run.attempt}/${step}`,
      now: clock().toISOString(),
      judge: ({ account }) => {
        if (account.rotation?.id !== run.rotation)
          throw ApplicationFailure.nonRetryable(`${run.rotation} is over`, 'RotationOver');
        return {
          kind: 'events',
          deed: machineDeed('worker', 'break_glass_rotation', metadata),
          events: events.map((event) => ({ account: run.account, event })),
          case: run.case,
        };
      },
    });
  };
export type WriteStep = ReturnType<typeof createStepWriter>;
