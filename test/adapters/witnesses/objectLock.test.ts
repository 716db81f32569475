/** An S3 that keeps Object Lock: whoever has the writer's credentials, even the bucket's owner, takes nothing back. */
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectRetentionCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createWitnesses } from '../../../adapters/witnesses/index.ts';
import { versitygwBinary } from '../../../dev/fetch/versitygw.ts';
import { freePorts } from '../../../dev/ports.ts';
import { startLockingS3, type LockingS3 } from '../../../dev/servers/lockingS3.ts';
import { acme } from '../../sentinel/acme.ts';

const Bucket = 'vault';
const line = '{"checkpoint":"{\\"size\\":7}","signature":"signed"}\n';
const keepDays = 400;
const inDays = (days: number): Date => new Date(Date.now() + days * 24 * 3600 * 1000);

let folder: string;
let server: LockingS3;
let s3: S3Client;
/** The witnessed checkpoint. */
let version: { Key: string; VersionId: string };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakglass-object-lock-'));
  const [port = 0] = await freePorts(1);
  const binary = await versitygwBinary(() => undefined);
  server = await startLockingS3({ binary, stateFolder: folder, port });
  s3 = new S3Client({ ...server.clientConfig, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
  const vault = {
    kind: 's3',
    bucket: Bucket,
    region: 'us-east-1',
    prefix: 'checkpoints/',
    keepDays,
  } as const;
  const witnesses = createWitnesses({ ...acme(), witnesses: { vault } }, { endpoint: server.endpoint });
  const signed = { checkpoint: '{"size":7}', signature: 'signed' };
  await witnesses.send('vault', signed, { at: new Date().toISOString(), size: 7 });
  witnesses.close();
  const { Versions: [first] = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
  version = { Key: first?.Key ?? '', VersionId: first?.VersionId ?? '' };
});
afterAll(async () => {
  s3.destroy();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Resolves when S3 said no. */
const refused = (asked: Promise<unknown>) =>
  expect(asked).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });

describe('a witnessed checkpoint, before its time is over', () => {
  it('is locked in compliance mode for the days that the config says', async () => {
    const { Retention } = await s3.send(new GetObjectRetentionCommand({ Bucket, ...version }));
    expect(Retention?.Mode).toBe('COMPLIANCE');
    expect(Retention?.RetainUntilDate?.getTime()).toBeGreaterThan(inDays(keepDays - 1).getTime());
  });

  it.each([false, true])('is not deleted, with bypass %s', async (BypassGovernanceRetention) => {
    await refused(s3.send(new DeleteObjectCommand({ Bucket, ...version, BypassGovernanceRetention })));
    const all = { Bucket, Delete: { Objects: [version] }, BypassGovernanceRetention };
    // Of several S3 answers with what became of each.
    const { Deleted = [], Errors = [] } = await s3.send(new DeleteObjectsCommand(all));
    expect([Deleted.length, Errors.length]).toEqual([0, 1]);
  });

  it.each([
    ['shortened', { Mode: 'COMPLIANCE', RetainUntilDate: inDays(1) }],
    ['made one that may be bypassed', { Mode: 'GOVERNANCE', RetainUntilDate: inDays(keepDays + 1) }],
  ] as const)('does not have its lock %s', async (_, Retention) => {
    const asked = { Bucket, ...version, Retention, BypassGovernanceRetention: true };
    await refused(s3.send(new PutObjectRetentionCommand(asked)));
  });

  it('does not lose its versions', async () => {
    const asked = { Bucket, VersioningConfiguration: { Status: 'Suspended' } } as const;
    await expect(s3.send(new PutBucketVersioningCommand(asked))).rejects.toThrow();
  });

  it('still says what was witnessed, whatever is put or deleted over it', async () => {
    await s3.send(new PutObjectCommand({ Bucket, Key: version.Key, Body: 'forged' }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: version.Key }));
    const got = await s3.send(new GetObjectCommand({ Bucket, ...version }));
    expect(await got.Body?.transformToString()).toBe(line);
  });

  it('could be deleted, were it not locked', async () => {
    const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key: 'not-locked', Body: 'x' }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'not-locked', VersionId }));
    const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: 'not-locked' }));
    expect(Versions).toEqual([]);
  });
});
