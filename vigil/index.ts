/** Worker and sentinel watch each other; an outside monitor watches both. */
import type { Channels } from '../adapters/channels/index.ts';
import type { Log } from '../adapters/settings/log.ts';
import type { Config } from '../core/contracts/config.ts';
import type { Ledger } from '../core/contracts/ledger.ts';
import type { VigilSettings } from '../core/contracts/settings.ts';
import { isAnswering } from './ask.ts';
import { createPeerWatch } from './peer.ts';
import { repeat } from './repeat.ts';

export interface VigilDeps {
  readonly self: 'worker' | 'sentinel';
  readonly settings: VigilSettings;
  /** Whether this process can do what it is for. */
  readonly isWell: () => Promise<boolean>;
  readonly channels: () => Pick<Channels, 'send'>;
  readonly config: () => Config;
  readonly ledger: Ledger;
  readonly log: Log;
  readonly now?: () => Date;
}

/**
 * Begins to watch the other process and to call the outside address, as far as the settings name them.
 *
 * @returns ends both
 */
export const startVigil = (deps: VigilDeps): (() => Promise<void>) => {
  const { self, settings, isWell, log, now = () => new Date() } = deps;
  const { otherHealth, deadMan } = settings;
  const heartbeatMs = settings.heartbeatSeconds * 1000;
  const deadManMs = settings.deadManSeconds * 1000;
  const onFailure = (reason: string): void => {
    log.error({ reason }, 'the vigil failed');
  };
  const ends: (() => Promise<void>)[] = [];
  if (otherHealth !== undefined) {
    const peer = self === 'worker' ? 'sentinel' : 'worker';
    const isHeard = (): Promise<boolean> => isAnswering(otherHealth, heartbeatMs);
    ends.push(repeat(heartbeatMs, createPeerWatch({ ...deps, now, peer, isHeard }), onFailure));
  }
  if (deadMan !== undefined)
    ends.push(
      repeat(
        deadManMs,
        async () => {
          if (!(await isWell())) log.error('not well: the outside address is not called');
          // The address itself is not logged: who knows it can keep the monitor quiet.
          else if (!(await isAnswering(deadMan, deadManMs))) log.warn('the outside address did not answer');
        },
        onFailure,
      ),
    );
  return async () => {
    await Promise.all(ends.map((end) => end()));
  };
};
