import { createLedgerReader } from '../../adapters/postgres/index.ts';
import { createWitnesses, type Witnesses } from '../../adapters/witnesses/index.ts';
import type { Config } from '../../core/contracts/config.ts';
import type { Settings } from '../../core/contracts/settings.ts';
import { startCheckpoints, type Checkpoints, type CheckpointsDeps } from './index.ts';

/** Starts what the settings ask for; without a file to keep checkpoints in, none are signed, and the log says so. */
export const startCheckpointsOf = (
  { worker, aws }: Settings,
  deps: Pick<CheckpointsDeps, 'pool' | 'sign' | 'configs' | 'channels' | 'log' | 'now'>,
): Checkpoints => {
  const wanted = worker?.checkpoints;
  if (wanted === undefined) {
    deps.log.warn('no checkpoints of the ledger are signed: the settings lack worker.checkpoints');
    return { stop: () => Promise.resolve() };
  }
  let made: { readonly config: Config; readonly witnesses: Witnesses } | undefined;
  return startCheckpoints({
    ...deps,
    ...wanted,
    reader: createLedgerReader(deps.pool),
    witnesses: (config) => {
      if (made?.config !== config) {
        made?.witnesses.close();
        made = { config, witnesses: createWitnesses(config, aws) };
      }
      return made.witnesses;
    },
  });
};
