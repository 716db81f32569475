import { Counter, type Registry } from 'prom-client';

interface Sends {
  send(channel: string, ...message: readonly unknown[]): Promise<unknown>;
}

/**
 * Counts what each channel takes and refuses.
 *
 * @param register - where the count is kept; once for each registry
 * @returns makes channels that are counted out of channels that are not
 */
export const measured = (register: Registry): (<C extends Sends>(channels: C) => C) => {
  const attempts = new Counter({
    name: 'breakglass_channel_attempts_total',
    help: 'Messages and alarms handed to a channel, by the channel’s name in the config and what became of it.',
    labelNames: ['channel', 'outcome'],
    registers: [register],
  });
  return (channels) => ({
    ...channels,
    send: async (channel: string, ...message: readonly unknown[]) => {
      try {
        const taken = await channels.send(channel, ...message);
        attempts.inc({ channel, outcome: 'accepted' });
        return taken;
      } catch (error) {
        attempts.inc({ channel, outcome: 'failed' });
        throw error;
      }
    },
  });
};
