import { ApplicationFailure } from '@temporalio/common';
import type { AccountEvent, Candidates, Marks } from '../../core/contracts/events.ts';
import { parts, type AccountId, type CaseId, type Part, type RotationId } from '../../core/contracts/ids.ts';
import type { Ledger, Metadata } from '../../core/contracts/ledger.ts';
import { namedOf } from '../../core/rules/account/candidates.ts';
import type { AccountState } from '../../core/rules/account/state.ts';
import { loadStreams } from '../../core/rules/streams.ts';
import { finalFailure } from '../final.ts';
import { machineDeed, type Recorder } from '../recorder.ts';
import type { OwnIdentity } from './findings.ts';

/** The steps' names as the ledger has them (the tenth, attestation, is people's). */
export type StepName =
  | 'narrowed'
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

/** One run of a rotation: who it is for, and how its steps reach the ledger. */
export interface Run {
  readonly rotation: RotationId;
  readonly account: AccountId;
  readonly case: CaseId | null;
  /** Since when the account may have been used: what appeared in Kratos since may be a session's doing. */
  readonly since: string | null;
  /** The other accounts in Kratos. */
  readonly others: readonly OwnIdentity[];
  /** Told apart from every other try: the workflow's run and the activity's attempt in it. */
  readonly run: string;
  readonly attempt: number;
  /** The identity of the last rotation that was proven; null before the first. */
  readonly provisioned: string | null;
  /** What may open the account as this attempt begins. */
  readonly known: NonNullable<AccountState['candidates']>;
}

const mentioned = (candidates: Candidates): Metadata =>
  Object.fromEntries(
    parts.map((part: Part) => [
      part,
      namedOf(candidates[part]).map(({ generation, seal }) => ({ generation, seal })),
    ]),
  );

/** Refuses what an attempt does after a later one has begun: its view of what is live is out of date. */
const mustLead = ({ rotation }: AccountState, run: Run, isFirst: boolean): void => {
  if (rotation?.id !== run.rotation) throw finalFailure(`${run.rotation} is over`, 'RotationOver');
  const { lead } = rotation;
  const leads = lead?.run === run.run && lead.attempt === run.attempt;
  const mayTakeOver = lead?.run !== run.run || lead.attempt <= run.attempt;
  if (leads || (isFirst && mayTakeOver)) return;
  throw ApplicationFailure.create({
    message: `attempt ${run.attempt} of ${run.rotation} stops: another has begun since`,
    type: 'RotationSuperseded',
  });
};

/** Asks the ledger, right before something is changed in Kratos, whether this attempt is still the one that counts. */
export const createLead = (ledger: Ledger, run: Run) => (): Promise<void> =>
  ledger.transact(async (tx) => mustLead((await loadStreams(tx, run.account)).account, run, false));

/**
 * Writes a rotation's steps into the ledger, each with the candidates that may open the account from here on. The
 * row that names a generation comes before the deed that sets it. The first step, `narrowed`, takes the lead.
 *
 * @throws ApplicationFailure `RotationOver`: another try has proven it meanwhile, or it was given up;
 *   `RotationSuperseded`: a later attempt has begun
 */
export const createStepWriter =
  (record: Recorder, clock: () => Date, run: Run) =>
  async (
    step: StepName,
    { candidates, marks }: { readonly candidates: Candidates; readonly marks: Marks },
    detail: Metadata = {},
    events: readonly AccountEvent[] = [],
  ): Promise<void> => {
    const { rotation, attempt } = run;
    const now = clock().toISOString();
    const metadata: Metadata = { ...detail, rotation, step, attempt, candidates: mentioned(candidates) };
    const naming: AccountEvent = {
      ...{ type: 'candidates-named', at: now, rotation, run: run.run, attempt, candidates, marks },
    };
    await record({
      account: run.account,
      about: { case: run.case },
      key: `${run.rotation}/${run.run}/${run.attempt}/${step}`,
      now,
      judge: ({ account }) => {
        mustLead(account, run, step === 'narrowed');
        return {
          kind: 'events',
          deed: machineDeed('worker', 'break_glass_rotation', metadata),
          events: [naming, ...events].map((event) => ({ account: run.account, event })),
          case: run.case,
        };
      },
    });
  };
export type WriteStep = ReturnType<typeof createStepWriter>;
