/** Each kind of witness, S3 and SNS against the emulator. */
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { createWitnesses, WitnessError, type Witnesses } from '../../../adapters/witnesses/index.ts';
import type { Witness } from '../../../core/contracts/config.ts';
import { freePorts } from '../../../dev/ports.ts';
import { startAws, type Aws } from '../../../dev/servers/aws.ts';
import { acme } from '../../sentinel/acme.ts';

let aws: Aws;
let folder: string;
const signed = { checkpoint: '{"size":7}', signature: 'signed' };
const line = '{"checkpoint":"{\\"size\\":7}","signature":"signed"}';
const about = { at: '2026-11-21T10:00:00.000Z', size: 7 };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakglass-witness-'));
  const [port = 0] = await freePorts(1);
  aws = await startAws({ stateFolder: folder, port });
});
afterAll(async () => {
  await aws.stop();
  await rm(folder, { recursive: true, force: true });
});

const witnessesOf = (witness: Witness, endpoint = aws.endpoint): Witnesses => {
  const witnesses = createWitnesses({ ...acme(aws.topicArn), witnesses: { it: witness } }, { endpoint });
  onTestFinished(() => witnesses.close());
  return witnesses;
};
const bucket = {
  kind: 's3',
  bucket: 'vault',
  region: 'us-east-1',
  prefix: 'checkpoints/',
  keepDays: 400,
} as const;

describe('a file', () => {
  it('gets a line each, and one after a line that was cut short stays its own', async () => {
    const path = join(folder, 'witness.jsonl');
    const witnesses = witnessesOf({ kind: 'file', path });
    await witnesses.send('it', signed, about);
    await appendFile(path, '{"checkpo');
    await witnesses.send('it', signed, about);
    expect(await readFile(path, 'utf8')).toBe(`${line}\n{"checkpo\n${line}\n`);
  });

  it('that cannot be written says so', async () => {
    const witnesses = witnessesOf({ kind: 'file', path: join(folder, 'nowhere', 'witness.jsonl') });
    await expect(witnesses.send('it', signed, about)).rejects.toThrow('failed (ENOENT)');
  });
});

describe('a topic', () => {
  it('gives the line to its subscribers', async () => {
    await witnessesOf({ kind: 'sns', topicArn: aws.topicArn, region: 'us-east-1' }).send('it', signed, about);
    const sqs = new SQSClient(aws.clientConfig);
    onTestFinished(() => sqs.destroy());
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: aws.queueUrl, WaitTimeSeconds: 5 }),
    );
    const body: unknown = JSON.parse(Messages[0]?.Body ?? '{}');
    expect(z.object({ Message: z.string() }).parse(body).Message).toBe(line);
  });

  it('that is not there says so, and nothing of the request', async () => {
    const gone = witnessesOf({ kind: 'sns', topicArn: `${aws.topicArn}-gone`, region: 'us-east-1' });
    const error: unknown = await gone.send('it', signed, about).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(WitnessError);
    expect(JSON.stringify(error)).not.toContain('signature');
  });
});

describe('a bucket', () => {
  it('gets an object for each checkpoint', async () => {
    const s3 = new S3Client({ ...aws.clientConfig, forcePathStyle: true });
    onTestFinished(() => s3.destroy());
    await s3.send(new CreateBucketCommand({ Bucket: 'vault', ObjectLockEnabledForBucket: true }));
    await witnessesOf(bucket).send('it', signed, about);
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: 'vault' }));
    expect(Contents.map(({ Key }) => Key)).toEqual([
      'checkpoints/2026-11-21/2026-11-21T10-00-00.000Z-7.json',
    ]);
    const got = await s3.send(new GetObjectCommand({ Bucket: 'vault', Key: Contents[0]?.Key }));
    expect(await got.Body?.transformToString()).toBe(`${line}\n`);
  });

  it('is asked to lock the object in compliance mode for the days the config says, with a checksum', async () => {
    const asked: Record<string, unknown>[] = [];
    const server = createServer((request, response) => {
      asked.push(request.headers);
      request.resume().on('end', () => response.end());
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = z.object({ port: z.number() }).parse(server.address());
    await witnessesOf({ ...bucket, keepDays: 10 }, `http://127.0.0.1:${port}`).send('it', signed, about);
    expect(asked[0]).toMatchObject({
      'x-amz-object-lock-mode': 'COMPLIANCE',
      'x-amz-object-lock-retain-until-date': '2026-12-01T10:00:00Z',
      'x-amz-checksum-crc32': expect.any(String) as string,
    });
  });

  it('that is not there says so', async () => {
    const gone = witnessesOf({ ...bucket, bucket: 'gone' });
    await expect(gone.send('it', signed, about)).rejects.toThrow('s3 answered 404: NoSuchBucket');
  });
});
