/** Worker and sentinel watch each other; an outside monitor watches both. */
import { askHealth } from '../adapters/askHealth.ts';
import type { Channels } from '../adapters/channels/index.ts';
import type { Log } from '../adapters/settings/log.ts';
import type { Config } from '../core/contracts/config.ts';
import type { Unable } from '../core/contracts/health.ts';
import type { Ledger } from '../core/contracts/ledger.ts';
import type { VigilSettings } from '../core/contracts/settings.ts';
import { createPeerWatch } from './peer.ts';
import { repeat } from './repeat.ts';

/** Milliseconds. */
const LONGEST_ANSWER = 5_000;

export interface VigilDeps {
  readonly self: 'worker' | 'sentinel';
  readonly settings: VigilSettings;
  /** What this process cannot do of what it is for. */
  readonly cannot: () => Promise<Unable>;
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
  const { self, settings, cannot, log, now = () => new Date() } = deps;
  const { otherHealth, deadMan } = settings;
  const heartbeatMs = settings.heartbeatSeconds * 1000;
  const deadManMs = settings.deadManSeconds * 1000;
  const onFailure = (reason: string): void => {
    log.error({ reason }, 'the vigil failed');
  };
  const ends: (() => Promise<void>)[] = [];
  if (otherHealth !== undefined) {
    const peer = self === 'worker' ? 'sentinel' : 'worker';
    const ask = (): Promise<string | null> => askHealth(otherHealth, Math.min(heartbeatMs, LONGEST_ANSWER));
    ends.push(repeat(heartbeatMs, createPeerWatch({ ...deps, now, peer, ask }), onFailure));
  }
  if (deadMan !== undefined)
    ends.push(
      repeat(
        deadManMs,
        async () => {
          const unable = await cannot();
          if (unable.length > 0) {
            log.error({ cannot: unable }, 'not well: the outside address is not called');
            return;
          }
          // The address itself is not logged: who knows it can keep the monitor quiet.
          const reason = await askHealth(deadMan, Math.min(deadManMs, LONGEST_ANSWER));
          if (reason !== null) log.warn({ reason }, 'the outside address was not reached');
        },
        onFailure,
      ),
    );
  return async () => {
    await Promise.all(ends.map((end) => end()));
  };
};
