/** A rotation of which only the rows are real: without sealing, a case costs a tenth. */
import { finalFailure } from '../../activities/final.ts';
import { machineDeed, type Recorder } from '../../activities/recorder.ts';
import type { Config } from '../../core/contracts/config.ts';
import type { AccountEvent, Pair } from '../../core/contracts/events.ts';
import { accountOf, type Part, type RotationId } from '../../core/contracts/ids.ts';
import type { RotationOutcome } from '../../core/contracts/temporal.ts';
import { statementDigest } from '../../core/trust/envelope.ts';

export interface RowRotationDeps {
  readonly record: Recorder;
  readonly config: Config;
  readonly now: () => string;
  /** Sets a new credential, logs in with it, ends every session: what Kratos would see of a rotation. */
  readonly throughKratos: () => Promise<{ readonly identity: string; readonly session: string }>;
}

/** Gives an activity `rotate` that takes the next generation, says which session was its own, and proves the pair. */
export const createRowRotation = ({ record, config, now, throughKratos }: RowRotationDeps) => {
  let generation = 0;
  const write = async (rotation: RotationId, step: string, event: AccountEvent): Promise<void> => {
    const account = accountOf(rotation);
    await record({
      ...{ account, about: {}, key: `${rotation}/${generation}/${step}`, now: now() },
      judge: ({ account: state }) => {
        if (state.rotation?.id !== rotation) throw finalFailure(`${rotation} is over`, 'RotationOver');
        const deed = machineDeed('worker', 'break_glass_rotation', { rotation, step });
        return { kind: 'events', deed, events: [{ account, event }], case: null };
      },
    });
  };
  return async ({ rotation }: { rotation: RotationId }): Promise<RotationOutcome> => {
    generation += 1;
    const mine = generation;
    const { custody } = config.accounts[accountOf(rotation)] ?? {};
    if (custody === undefined) throw new Error('the config has no such account');
    const sealed = (part: Part) => ({
      ...{ generation: mine, seal: statementDigest(`${part} ${mine}`) },
      ...{ threshold: custody[part].threshold, custodians: custody[part].custodians },
    });
    const pair: Pair = { password: sealed('password'), mfa: sealed('mfa') };
    const { identity, session } = await throughKratos();
    await write(rotation, 'password-logged-in', { type: 'session-recorded', at: now(), rotation, session });
    await write(rotation, 'proven', { type: 'rotation-proven', at: now(), rotation, identity, pair });
    return { identity, pair };
  };
};
