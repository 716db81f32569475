import { fileURLToPath } from 'node:url';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { scriptCommand, startProcess, type Running } from '../processes.ts';

/** What every AWS client needs to talk to the emulator, which checks no credentials. */
export interface AwsClientConfig {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** A running emulator with one topic and a queue that gets what is published to it. */
export interface Aws {
  readonly endpoint: string;
  readonly clientConfig: AwsClientConfig;
  readonly topicArn: string;
  /** Each message's body is SNS's JSON envelope. */
  readonly queueUrl: string;
  readonly process: Running;
  stop(): Promise<void>;
}

/** Where the emulator is started. */
export interface AwsOptions {
  readonly stateFolder: string;
  readonly port: number;
  /** `breakglass-security` when left out; the queue has the same name. */
  readonly topic?: string;
}

const REGION = 'us-east-1';
const NOBODY = { accessKeyId: 'emulator', secretAccessKey: 'emulator' };

/**
 * Starts an emulator of SNS and SQS (fauxqs) on loopback in a process of its own, and makes the topic, the queue
 * and the subscription between them through the AWS SDK. It keeps nothing when it stops.
 *
 * @throws when it is not ready within 30 s; the message carries the end of its log
 */
export async function startAws(options: AwsOptions): Promise<Aws> {
  const { stateFolder, port, topic = 'breakglass-security' } = options;
  const endpoint = `http://127.0.0.1:${port}`;
  const script = fileURLToPath(new URL('./awsEmulator.ts', import.meta.url));
  const running = await startProcess({
    name: 'aws',
    ...scriptCommand(script, ['--port', String(port)]),
    stateFolder,
    ready: async () => (await fetch(`${endpoint}/health`, { signal: AbortSignal.timeout(2_000) })).ok,
  });
  const clientConfig = { endpoint, region: REGION, credentials: NOBODY };
  try {
    const { topicArn, queueUrl } = await makeTopicAndQueue(clientConfig, topic);
    return { endpoint, clientConfig, topicArn, queueUrl, process: running, stop: () => running.stop() };
  } catch (error) {
    await running.stop();
    throw error;
  }
}

async function makeTopicAndQueue(
  config: AwsClientConfig,
  name: string,
): Promise<{ topicArn: string; queueUrl: string }> {
  const sns = new SNSClient(config);
  const sqs = new SQSClient(config);
  try {
    const { TopicArn: topicArn } = await sns.send(new CreateTopicCommand({ Name: name }));
    const { QueueUrl: queueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] }),
    );
    const queueArn = Attributes?.QueueArn;
    if (topicArn === undefined || queueUrl === undefined || queueArn === undefined) {
      throw new Error('the aws emulator gave no topic or no queue');
    }
    await sns.send(new SubscribeCommand({ TopicArn: topicArn, Protocol: 'sqs', Endpoint: queueArn }));
    return { topicArn, queueUrl };
  } finally {
    sns.destroy();
    sqs.destroy();
  }
}
