import type { Log } from '../adapters/settings/log.ts';
import { ChannelError, type Channels } from '../adapters/channels/index.ts';
import type { Config } from '../core/contracts/config.ts';
import type { Sighting } from '../core/contracts/events.ts';
import { alarmMessage } from './alarm.ts';
import { persist } from './retry.ts';

/** How long to wait between attempts, in milliseconds, by the number of failures so far. */
export type Wait = (failures: number) => number;

/** One alarm on its way to every channel. */
export interface Ringing {
  /** When each channel took it, by our clock. */
  readonly accepted: ReadonlyMap<string, string>;
  /** Why a channel has not taken it yet. */
  readonly failed: ReadonlyMap<string, string>;
  /** Resolves at the first acceptance, or once every channel has been tried. */
  readonly heard: Promise<void>;
  /** One promise a channel, which resolves when that channel has taken it. */
  readonly channels: ReadonlyMap<string, Promise<string>>;
}

/** A channel that will not take it before somebody changes a setting is asked less often, but asked. */
const HOPELESS_MS = 60_000;

const reasonOf = (error: unknown): string =>
  error instanceof ChannelError ? error.reason : 'it could not be sent';

/**
 * Sends a login's alarm to all security channels at once, each again until it has taken it.
 *
 * @param before - channels that took it before a restart
 * @param note - remembers an acceptance on disk
 */
export const ring = (
  deps: {
    readonly channels: () => Channels;
    readonly config: () => Config;
    readonly log: Log;
    readonly wait: Wait;
    readonly signal: AbortSignal;
    /** Told how long it took from the report until a channel had it. Seconds. */
    readonly onAlarm: (seconds: number) => void;
  },
  it: {
    readonly sighting: Sighting;
    readonly receivedAt: string;
    readonly before: ReadonlyMap<string, string>;
    readonly note: (channel: string, acceptedAt: string) => Promise<void>;
  },
): Ringing => {
  const { log, wait, signal } = deps;
  const message = alarmMessage(it.sighting, deps.config());
  const accepted = new Map(it.before);
  const failed = new Map<string, string>();
  const names = [...new Set([...message.channels, ...it.before.keys()])];
  let hear = (): void => undefined;
  const heard = new Promise<void>((resolve) => (hear = resolve));
  const listen = (): void => {
    if (accepted.size > 0 || failed.size === names.length) hear();
  };

  const sendTo = async (channel: string): Promise<string> => {
    const before = it.before.get(channel);
    if (before !== undefined) return before;
    const { acceptedAt } = await persist(() => deps.channels().send(channel, message), {
      signal,
      wait: (failures, error) =>
        error instanceof ChannelError && !error.retryable ? HOPELESS_MS : wait(failures),
      onFailure: (error, failures) => {
        failed.set(channel, reasonOf(error));
        log.warn(
          { alarm: message.id, channel, attempt: failures + 1, reason: reasonOf(error) },
          'alarm not taken',
        );
        listen();
      },
    });
    accepted.set(channel, acceptedAt);
    failed.delete(channel);
    listen();
    const ms = Date.parse(acceptedAt) - Date.parse(it.receivedAt);
    deps.onAlarm(Math.max(0, ms) / 1000);
    log.info({ alarm: message.id, channel, acceptedAt, sinceReceivedMs: ms }, 'alarm taken');
    await it.note(channel, acceptedAt);
    return acceptedAt;
  };

  const channels = new Map(names.map((name) => [name, sendTo(name)]));
  listen();
  return { accepted, failed, heard, channels };
};
