import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { ChannelError, createChannels } from '../../../adapters/channels/index.ts';
import { freePorts } from '../../../dev/ports.ts';
import { startAws, type Aws } from '../../../dev/servers/aws.ts';
import { acme } from '../../sentinel/acme.ts';
import { aMessage } from './messages.ts';

let aws: Aws;
let sqs: SQSClient;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakglass-sns-'));
  const [port = 0] = await freePorts(1);
  aws = await startAws({ stateFolder: folder, port });
  sqs = new SQSClient(aws.clientConfig);
});

afterAll(async () => {
  sqs.destroy();
  await aws.stop();
  await rm(folder, { recursive: true, force: true });
});

const envelope = z.object({
  MessageId: z.string(),
  Subject: z.string(),
  Message: z.string(),
  MessageAttributes: z.record(z.string(), z.object({ Value: z.string() })),
});

/** The next message that the topic has given to its queue. */
const arrived = async (): Promise<z.infer<typeof envelope>> => {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: aws.queueUrl, WaitTimeSeconds: 5 }),
  );
  const [first] = Messages;
  await sqs.send(new DeleteMessageCommand({ QueueUrl: aws.queueUrl, ReceiptHandle: first?.ReceiptHandle }));
  return envelope.parse(JSON.parse(first?.Body ?? '{}'));
};

const channelsAt = (endpoint: string, topicArn = aws.topicArn) => {
  const channels = createChannels({
    config: acme(topicArn),
    secretsDir: folder,
    aws: { endpoint },
    now: () => new Date('2026-11-21T08:00:00.000Z'),
  });
  onTestFinished(() => channels.close());
  return channels;
};

/** What a rejected send leaves; the test fails when it was accepted. */
const refusalOf = async (sent: Promise<unknown>): Promise<ChannelError> => {
  const error: unknown = await sent.then(
    () => new Error('it was accepted'),
    (reason: unknown) => reason,
  );
  if (error instanceof ChannelError) return error;
  throw error;
};

describe('an sns channel', () => {
  it('publishes a text for people with attributes for programs', async () => {
    const acceptance = await channelsAt(aws.endpoint).send('security-topic', aMessage());

    const got = await arrived();
    expect(acceptance).toEqual({ acceptedAt: '2026-11-21T08:00:00.000Z', detail: got.MessageId });
    expect(got.Subject).toBe('Break-glass account acme-eu just signed in');
    expect(got.Message.split('\n')).toEqual([
      'Break-glass account acme-eu just signed in',
      '',
      'Break-glass account acme-eu just signed in from 203.0.113.7. Confirm that this is authorised.',
      '',
      'Who must act: Karl (karl), Bob (bob)',
      'Run: breakglass status acme-eu',
      'See: http://127.0.0.1:7400/v1/accounts/acme-eu',
      'Id: alarm/login-0123456789',
    ]);
    expect(
      Object.fromEntries(Object.entries(got.MessageAttributes).map(([name, { Value }]) => [name, Value])),
    ).toEqual({
      id: 'alarm/login-0123456789',
      account: 'acme-eu',
      severity: 'alarm',
      drill: 'false',
    });
  });

  it('says DRILL at the head of a drill, and keeps the subject one that SNS takes', async () => {
    const title = `Übung\nzum ${'sehr '.repeat(40)}langen Titel`;

    await channelsAt(aws.endpoint).send('security-topic', aMessage({ drill: true, title }));

    const got = await arrived();
    expect(got.Subject).toMatch(/^DRILL: U bung zum sehr [ -~]*$/);
    expect(got.Subject.length).toBeLessThan(100);
    expect(got.Message).toMatch(/^DRILL: /);
    expect(got.MessageAttributes['drill']?.Value).toBe('true');
  });

  it('reports a topic that is not there as one that trying again will not help', async () => {
    const refusal = await refusalOf(
      channelsAt(aws.endpoint, `${aws.topicArn}-gone`).send('security-topic', aMessage()),
    );

    expect(refusal).toMatchObject({ channel: 'security-topic', retryable: false });
    expect(refusal.reason).toMatch(/^sns answered 404: NotFound/);
  });

  it('reports a server that does not answer as one to try again, without its address', async () => {
    const [port = 0] = await freePorts(1);

    const refusal = await refusalOf(
      channelsAt(`http://127.0.0.1:${port}`).send('security-topic', aMessage()),
    );

    expect(refusal).toMatchObject({ retryable: true, reason: 'sns: no answer (ECONNREFUSED)' });
    expect(JSON.stringify(refusal)).not.toContain(String(port));
  });

  it('tries once and leaves no request in the error when the server fails', async () => {
    let asked = 0;
    const server = createServer((_, response) => {
      asked += 1;
      response.writeHead(500).end('<oops/>');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = z.object({ port: z.number() }).parse(server.address());

    const refusal = await refusalOf(
      channelsAt(`http://127.0.0.1:${port}`).send('security-topic', aMessage()),
    );

    expect(asked).toBe(1);
    expect(refusal.retryable).toBe(true);
    expect(Object.keys(refusal).sort()).toEqual(['channel', 'name', 'reason', 'retryable']);
    expect(refusal.cause).toBeUndefined();
  });
});
