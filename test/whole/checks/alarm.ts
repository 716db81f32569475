/** What one login set ringing, read from each place where it must have arrived. */
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { z } from 'zod';
import type { Stack } from '../../../dev/stack/index.ts';
import { withPool } from './database.ts';

/** A message of the topic, as its subscribers get it. */
const published = z.object({
  Message: z.string(),
  MessageAttributes: z.object({ id: z.object({ Value: z.string() }) }),
});
export interface TopicMessage {
  readonly id: string;
  readonly text: string;
}

/** Takes everything that waits in the queue behind the security topic. */
export const drainTopic = async ({ servers: { aws } }: Stack): Promise<TopicMessage[]> => {
  const sqs = new SQSClient(aws.clientConfig);
  const found: TopicMessage[] = [];
  const take = async (): Promise<number> => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: aws.queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
    );
    for (const { Body = '', ReceiptHandle } of Messages) {
      const { Message, MessageAttributes } = published.parse(JSON.parse(Body));
      found.push({ id: MessageAttributes.id.Value, text: Message });
      await sqs.send(new DeleteMessageCommand({ QueueUrl: aws.queueUrl, ReceiptHandle }));
    }
    return Messages.length;
  };
  try {
    while ((await take()) > 0);
    return found;
  } finally {
    sqs.destroy();
  }
};

const posts = z.array(z.object({ body: z.looseObject({ text: z.string() }) }));

/** Everything that was posted to the chat, each as its text and as a whole. */
export const chatMessages = async ({
  servers: { slack },
}: Stack): Promise<{ readonly text: string; readonly whole: string }[]> =>
  posts
    .parse(await (await fetch(slack.messagesUrl)).json())
    .map(({ body }) => ({ text: body.text, whole: JSON.stringify(body) }));

const event = z.object({
  id: z.string(),
  identity_id: z.string(),
  ip: z.string(),
  user_agent: z.string(),
  seen_at: z.date(),
});
export type LoginEvent = z.infer<typeof event>;

/** The rows of `break_glass_events` for a login. */
export const loginEvents = (stack: Stack, sighting: string): Promise<LoginEvent[]> =>
  withPool(stack, async (pool) =>
    z
      .array(event)
      .parse((await pool.query('SELECT * FROM break_glass_events WHERE id = $1', [sighting])).rows),
  );
