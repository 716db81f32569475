import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { accountOf, type RotationId } from '../../core/contracts/ids.ts';
import type { Ledger } from '../../core/contracts/ledger.ts';
import { loadStreams } from '../../core/rules/streams.ts';
import type { RotationOutcome } from '../../core/contracts/temporal.ts';
import { machineDeed, type Configs, type Recorder } from '../recorder.ts';
import { createKratosDriver, type RotationAdmin, type RotationLogin } from './kratos.ts';
import { createSealing, type SealingDeps } from './sealing.ts';
import { createStepWriter, type Run } from './steps.ts';

export interface RotationDeps extends SealingDeps {
  readonly ledger: Ledger;
  readonly record: Recorder;
  readonly configs: () => Configs;
  readonly admin: RotationAdmin;
  readonly login: RotationLogin;
  readonly clock: () => Date;
}

/** Rotation's steps 1 to 9 as one activity, because plaintext must not cross an activity's edge. */
export const createRotationActivities = (deps: RotationDeps) => {
  const drive = createKratosDriver({
    ...deps,
    seal: createSealing(deps),
    heartbeat: (step) => {
      heartbeat(step);
      cancellationSignal().throwIfAborted();
    },
  });

  const loadRun = (rotation: RotationId): Promise<Run & { proven: RotationOutcome | null }> =>
    deps.ledger.transact(async (tx) => {
      const account = accountOf(rotation);
      const { account: state } = await loadStreams(tx, account);
      const { identity, pair } = state;
      // The last step's row was committed, its answer lost: nothing must be done twice.
      const isProven = state.lastRotation?.id === rotation && identity !== null && pair !== null;
      return {
        ...{
          rotation,
          account,
          run: activityInfo().workflowExecution?.runId ?? 'none',
          attempt: activityInfo().attempt,
          old: pair,
          case: state.rotation?.case ?? null,
        },
        proven: isProven ? { identity, pair } : null,
      };
    });

  return {
    /** Runs the rotation; a retry begins again with the next generations. */
    async rotate({ rotation }: { rotation: RotationId }): Promise<RotationOutcome> {
      const { proven, ...run } = await loadRun(rotation);
      if (proven !== null) return proven;
      const { config } = deps.configs().current;
      const account = config.accounts[run.account];
      if (account?.kind !== 'kratos')
        throw ApplicationFailure.nonRetryable(
          `${run.account} is no kratos account in the config in force`,
          'NoDriver',
        );
      return drive({ run, account, config, write: createStepWriter(deps.record, deps.clock, run) });
    },

    /** The rotation cannot be finished by retrying: recorded, rung, and the account stays blocked. */
    async recordRotationFailure({ rotation, why }: { rotation: RotationId; why: string }): Promise<void> {
      const account = accountOf(rotation);
      const now = deps.clock().toISOString();
      await deps.record({
        ...{ account, about: {}, key: `${rotation}/failed`, now },
        judge: ({ account: state }) =>
          // One that is over already, whatever became of it, is nobody's trouble.
          state.rotation?.id === rotation
            ? {
                kind: 'events',
                deed: machineDeed('worker', 'break_glass_rotation', { rotation, step: 'failed', why }),
                events: [{ account, event: { type: 'rotation-failed', at: now, rotation, why } }],
                case: null,
              }
            : { kind: 'nothing' },
      });
    },
  };
};
