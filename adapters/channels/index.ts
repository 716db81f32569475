/** The channels by which people are told: one attempt a call, errors without secrets. */
import { join } from 'node:path';
import type { Config } from '../../core/contracts/config.ts';
import type { Message } from '../../core/contracts/ledger.ts';
import { ChannelError, type Acceptance } from './error.ts';
import { createSlackSender } from './slack.ts';
import { createSnsSender, type AwsPlace } from './sns.ts';

export { ChannelError, type Acceptance } from './error.ts';

/** What the channels are made of. */
export interface ChannelsOptions {
  readonly config: Config;
  /** Folder with one file for each channel secret. */
  readonly secretsDir: string;
  /** Where AWS is; the config has each channel's region. */
  readonly aws: Pick<AwsPlace, 'endpoint'>;
  readonly now?: () => Date;
}

/** Every channel of a config, by name. */
export interface Channels {
  /**
   * Hands a message to one channel, once, within 5 s.
   *
   * @throws ChannelError when the channel did not take it
   */
  send(channel: string, message: Message): Promise<Acceptance>;
  close(): void;
}

interface Sender {
  send(message: Message): Promise<string>;
  close(): void;
}

const createSender = (name: string, { config, secretsDir, aws }: ChannelsOptions): Sender | null => {
  const channel = Object.hasOwn(config.channels, name) ? config.channels[name] : undefined;
  switch (channel?.kind) {
    case 'sns': {
      const { topicArn, region } = channel;
      return createSnsSender({ channel: name, topicArn, region, endpoint: aws.endpoint }, config);
    }
    case 'slack':
      return createSlackSender({ channel: name, secretFile: join(secretsDir, channel.secret) }, config);
    case undefined:
      return null;
  }
};

/** Makes the channels of a config; nothing is contacted before the first message. */
export const createChannels = (options: ChannelsOptions): Channels => {
  const { config, now = () => new Date() } = options;
  const senders = new Map(Object.keys(config.channels).map((name) => [name, createSender(name, options)]));
  return {
    async send(channel, message) {
      const sender = senders.get(channel);
      if (sender == null)
        throw new ChannelError({ channel, retryable: false, reason: 'the config names no such channel' });
      const detail = await sender.send(message);
      return { acceptedAt: now().toISOString(), detail };
    },
    close: () => {
      for (const sender of senders.values()) sender?.close();
    },
  };
};
