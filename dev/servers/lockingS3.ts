import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startProcess } from '../processes.ts';
import type { AwsClientConfig } from './aws.ts';

/** Where and with what an S3 that keeps Object Lock is started. */
export interface LockingS3Options {
  /** Path of the gateway, as `versitygwBinary` gives it. */
  readonly binary: string;
  readonly stateFolder: string;
  readonly port: number;
}

export interface LockingS3 {
  readonly endpoint: string;
  /** Of its owner, who may do all that anybody may; the witness writes with the same. */
  readonly clientConfig: AwsClientConfig;
  stop(): Promise<void>;
}

/** What our clients show to whatever listens on loopback. */
const credentials = { accessKeyId: 'emulator', secretAccessKey: 'emulator' };

/**
 * Starts an S3 on a folder, on loopback. Unlike the emulator it keeps what Object Lock promises.
 *
 * @throws when it is not ready within 30 s; the message carries the end of its log
 */
export const startLockingS3 = async ({ binary, stateFolder, port }: LockingS3Options): Promise<LockingS3> => {
  const folders = ['objects', 'versions', 'sidecar'].map((name) => join(stateFolder, name));
  for (const folder of folders) await mkdir(folder, { recursive: true });
  const [objects = '', versions = '', sidecar = ''] = folders;
  const endpoint = `http://127.0.0.1:${port}`;
  const running = await startProcess({
    ...{ name: 'locking-s3', command: binary, stateFolder },
    args: [
      ...['--port', `127.0.0.1:${port}`, '--health', '/health', '--quiet'],
      ...['posix', '--versioning-dir', versions, '--sidecar', sidecar, objects],
    ],
    env: { ROOT_ACCESS_KEY: credentials.accessKeyId, ROOT_SECRET_KEY: credentials.secretAccessKey },
    ready: async () => (await fetch(`${endpoint}/health`, { signal: AbortSignal.timeout(2_000) })).ok,
  });
  const clientConfig = { endpoint, region: 'us-east-1', credentials };
  return { endpoint, clientConfig, stop: () => running.stop() };
};
