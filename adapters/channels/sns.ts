import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { z } from 'zod';
import type { Config } from '../../core/contracts/config.ts';
import type { Message } from '../../core/contracts/ledger.ts';
import { ChannelError, networkReason, SEND_LIMIT_MS } from './error.ts';
import { asText, headline, plain } from './wording.ts';

/** SNS refuses a subject of 100 characters and anything that is not printable ASCII. */
const SUBJECT_MOST = 99;
/** SNS takes 256 KiB; a message to people is never near that. */
const BODY_MOST = 16_000;

/** @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
const subjectOf = (message: Message): string => {
  const ascii = headline(message)
    .normalize('NFKD')
    .replace(/[^ -~]+/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return (/^[!-~]/.test(ascii) ? ascii : 'Breakglass').slice(0, SUBJECT_MOST);
};

const attribute = (value: string) => ({ DataType: 'String', StringValue: value });

/** For programs and filters; people read the body, which also goes out as mail and as text message. */
const attributesOf = (message: Message) => ({
  id: attribute(message.id),
  severity: attribute(message.severity),
  drill: attribute(String(message.drill)),
  ...(message.account === null ? {} : { account: attribute(message.account) }),
  ...(message.case === null ? {} : { case: attribute(message.case) }),
});

/** What an error of the SDK may tell: never its request. */
const answered = z.object({
  name: z.string().regex(/^[A-Za-z][A-Za-z0-9]{1,60}$/),
  $metadata: z.object({ httpStatusCode: z.int() }),
});
const throttled = /Throttl|TooManyRequests|RequestLimit|SlowDown/;

const failure = (channel: string, error: unknown): ChannelError => {
  const known = answered.safeParse(error);
  if (!known.success)
    return new ChannelError({ channel, retryable: true, reason: `sns: ${networkReason(error)}` });
  const { name, $metadata } = known.data;
  const status = $metadata.httpStatusCode;
  const retryable = status >= 500 || status === 429 || throttled.test(name);
  return new ChannelError({ channel, retryable, reason: `sns answered ${status}: ${name}` });
};

/** Where AWS is: `endpoint` only for an emulator or a private one. */
export interface AwsPlace {
  readonly endpoint?: string | undefined;
  readonly region: string;
}

const loopback = new Set(['127.0.0.1', '[::1]', 'localhost']);

/** An emulator on loopback checks no credentials, so the machine's real ones are never shown to it. */
const credentialsFor = (endpoint: string | undefined) =>
  endpoint !== undefined && loopback.has(new URL(endpoint).hostname)
    ? { credentials: { accessKeyId: 'emulator', secretAccessKey: 'emulator' } }
    : {};

/** Publishes to one SNS topic: one attempt a call, because retries are recorded by whoever sends. */
export const createSnsSender = (topic: { channel: string; topicArn: string } & AwsPlace, config: Config) => {
  const { channel, topicArn, endpoint, region } = topic;
  const client = new SNSClient({
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...credentialsFor(endpoint),
    maxAttempts: 1,
  });
  return {
    /**
     * @returns the SNS message id
     * @throws ChannelError
     */
    async send(message: Message): Promise<string> {
      const command = new PublishCommand({
        TopicArn: topicArn,
        Subject: subjectOf(message),
        Message: plain(asText(config, message), BODY_MOST),
        MessageAttributes: attributesOf(message),
      });
      try {
        const { MessageId } = await client.send(command, { abortSignal: AbortSignal.timeout(SEND_LIMIT_MS) });
        return MessageId ?? 'accepted';
      } catch (error) {
        throw failure(channel, error);
      }
    },
    close: (): void => client.destroy(),
  };
};
