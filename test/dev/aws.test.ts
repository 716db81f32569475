import { mkdtemp, rm } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { freePorts } from '../../dev/ports.ts';
import { startAws, type Aws } from '../../dev/servers/aws.ts';

const envelope = z.object({ TopicArn: z.string(), Subject: z.string(), Message: z.string() });

describe('the emulator of SNS and SQS', () => {
  let folder: string;
  let aws: Aws;
  let port = 0;
  let sns: SNSClient;
  let sqs: SQSClient;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'breakglass-aws-'));
    [port = 0] = await freePorts(1);
    aws = await startAws({ stateFolder: folder, port });
    sns = new SNSClient(aws.clientConfig);
    sqs = new SQSClient(aws.clientConfig);
  });
  afterAll(async () => {
    sns.destroy();
    sqs.destroy();
    await aws.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('gives what was published to the topic to the queue, once', async () => {
    await sns.send(new PublishCommand({ TopicArn: aws.topicArn, Subject: 'login', Message: 'acme-eu' }));
    const receive = new ReceiveMessageCommand({ QueueUrl: aws.queueUrl, WaitTimeSeconds: 5 });
    const { Messages: [message] = [] } = await sqs.send(receive);
    expect(envelope.parse(JSON.parse(message?.Body ?? ''))).toEqual({
      TopicArn: aws.topicArn,
      Subject: 'login',
      Message: 'acme-eu',
    });
    await sqs.send(
      new DeleteMessageCommand({ QueueUrl: aws.queueUrl, ReceiptHandle: message?.ReceiptHandle }),
    );
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: aws.queueUrl }));
    expect(Messages).toEqual([]);
  });

  it('names the topic after security and the queue by an address on loopback', () => {
    expect(aws.topicArn).toMatch(/:breakglass-security$/);
    expect(aws.queueUrl).toBe(`${aws.endpoint}/000000000000/breakglass-security`);
  });

  it('does not listen on the addresses others can reach', async () => {
    const outside = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4');
    const answers = await Promise.all(
      // The second loopback address stands for them on a machine that has no other.
      [...outside.map(({ address }) => address), '127.0.0.2'].map((host) =>
        fetch(`http://${host}:${port}/health`, { signal: AbortSignal.timeout(2_000) }).then(
          () => `${host} answered`,
          () => 'no answer',
        ),
      ),
    );
    expect(new Set(answers)).toEqual(new Set(['no answer']));
  });

  it('refuses a topic that does not exist', async () => {
    const missing = aws.topicArn.replace('breakglass-security', 'another');
    await expect(sns.send(new PublishCommand({ TopicArn: missing, Message: 'x' }))).rejects.toMatchObject({
      name: 'NotFoundException',
    });
  });
});
