import { activityInfo, cancellationSignal } from '@temporalio/activity';
import type { Config } from '../../core/contracts/config.ts';
import { accountId, accountOf, type AccountId, type RotationId } from '../../core/contracts/ids.ts';
import type { Ledger, LedgerTransaction } from '../../core/contracts/ledger.ts';
import { casesOf } from '../../core/rules/account/state.ts';
import { usedSince } from '../../core/rules/case/state.ts';
import { foldAccount, loadStreams } from '../../core/rules/streams.ts';
import type { RotationOutcome } from '../../core/contracts/temporal.ts';
import { finalFailure } from '../final.ts';
import { machineDeed, type Configs, type Recorder } from '../recorder.ts';
import { createKratosDriver, type RotationAdmin, type RotationLogin } from './kratos.ts';
import type { OwnIdentity } from './findings.ts';
import { startHeart } from './heart.ts';
import { insisting } from './insist.ts';
import { createSealing, type SealingDeps } from './sealing.ts';
import { noCandidates, onlyPair } from '../../core/rules/account/candidates.ts';
import { createLead, createStepWriter, type Run, type StepName } from './steps.ts';

export interface RotationDeps extends SealingDeps {
  readonly ledger: Ledger;
  readonly record: Recorder;
  readonly configs: () => Configs;
  readonly admin: RotationAdmin;
  readonly login: RotationLogin;
  readonly clock: () => Date;
  /** See `KratosDriverDeps`. */
  readonly settle: () => Promise<void>;
}

/** Rotation's steps 1 to 9 as one activity, because plaintext must not cross an activity's edge. */
export const createRotationActivities = (asked: RotationDeps) => {
  const deps = insisting(asked);
  const seal = createSealing(deps);

  /** The other break-glass accounts in Kratos that are provisioned, or about to be, with their identities. */
  const othersOf = async (tx: LedgerTransaction, self: AccountId, config: Config): Promise<OwnIdentity[]> => {
    const others: OwnIdentity[] = [];
    for (const [name, it] of Object.entries(config.accounts)) {
      const account = accountId.parse(name);
      if (it.kind !== 'kratos' || account === self) continue;
      const { identity, rotation } = foldAccount(await tx.rowsOfAccount(account, 0), account);
      if (identity !== null || rotation !== null) others.push({ address: it.address, identity });
    }
    return others;
  };

  const loadRun = (rotation: RotationId, config: Config): Promise<Run & { proven: RotationOutcome | null }> =>
    deps.ledger.transact(async (tx) => {
      const account = accountOf(rotation);
      const { account: state, cases } = await loadStreams(tx, account);
      const cause = state.rotation?.case ?? null;
      const { identity, pair } = state;
      const settled = casesOf(state.rotation).flatMap((each) => cases.get(each) ?? []);
      // The last step's row was committed, its answer lost: nothing must be done twice.
      const isProven = state.lastRotation?.id === rotation && identity !== null && pair !== null;
      return {
        ...{
          rotation,
          account,
          run: activityInfo().workflowExecution?.runId ?? 'none',
          attempt: activityInfo().attempt,
          known: state.candidates ?? {
            named: pair === null ? noCandidates : onlyPair(pair),
            marks: { hash: null, totp: null },
          },
          case: cause,
          provisioned: identity,
          // One that settles several cases looks for what was left since the first of them.
          since: settled.map(usedSince).toSorted()[0] ?? null,
          others: await othersOf(tx, account, config),
        },
        proven: isProven ? { identity, pair } : null,
      };
    });

  return {
    /** Runs the rotation; a retry begins again with the next generations. */
    async rotate({ rotation }: { rotation: RotationId }): Promise<RotationOutcome> {
      const { config } = deps.configs().current;
      const { proven, ...run } = await loadRun(rotation, config);
      if (proven !== null) return proven;
      const account = config.accounts[run.account];
      if (account?.kind !== 'kratos')
        throw finalFailure(`${run.account} is no kratos account in the config in force`, 'NoDriver');
      const heart = startHeart();
      const heartbeat = (step: StepName): void => {
        heart.beat(step);
        cancellationSignal().throwIfAborted();
      };
      try {
        return await createKratosDriver({ ...deps, seal, heartbeat })({
          ...{ run, account, config },
          write: createStepWriter(deps.record, deps.clock, run),
          mustLead: createLead(deps.ledger, run),
        });
      } finally {
        heart.stop();
      }
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
