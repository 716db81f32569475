import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { startProcess, type Running } from '../processes.ts';

/** What can be searched for, by name; the type is Temporal's word for it. */
export type SearchAttributeTypes = Readonly<
  Record<string, 'Text' | 'Keyword' | 'Int' | 'Double' | 'Bool' | 'Datetime' | 'KeywordList'>
>;

/** Where and with what a Temporal server is started. */
export interface TemporalOptions {
  /** Path of the `temporal` program, as `temporalBinary` gives it. */
  readonly binary: string;
  readonly stateFolder: string;
  readonly ports: { readonly grpc: number; readonly http?: number; readonly metrics?: number };
  readonly searchAttributes?: SearchAttributeTypes;
}

/** A running Temporal server with the namespace `default`. */
export interface Temporal {
  /** `127.0.0.1:PORT` for gRPC clients. */
  readonly address: string;
  readonly namespace: 'default';
  readonly databaseFile: string;
  readonly process: Running;
  stop(): Promise<void>;
}

/**
 * Starts a real Temporal server on loopback whose state is kept in a file, and waits until its namespace
 * answers and every search attribute is known.
 *
 * @throws when it is not ready within 30 s or ends before; the message carries the end of its log
 */
export async function startTemporal(options: TemporalOptions): Promise<Temporal> {
  const { ports, searchAttributes = {}, stateFolder } = options;
  const folder = join(stateFolder, 'temporal');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const databaseFile = join(folder, 'temporal.db');
  const address = `127.0.0.1:${ports.grpc}`;
  const args = ['server', 'start-dev', '--headless', '--ip', '127.0.0.1', '--port', String(ports.grpc)];
  if (ports.http !== undefined) args.push('--http-port', String(ports.http));
  if (ports.metrics !== undefined) args.push('--metrics-port', String(ports.metrics));
  args.push('--db-filename', databaseFile);
  // Below this level the server may log what clients sent.
  args.push('--log-level', 'error');
  for (const [name, type] of Object.entries(searchAttributes)) {
    args.push('--search-attribute', `${name}=${type}`);
  }
  const running = await startProcess({
    name: 'temporal',
    command: options.binary,
    args,
    stateFolder,
    cwd: folder,
    ready: () => isReady(address, Object.keys(searchAttributes)),
  });
  return { address, namespace: 'default', databaseFile, process: running, stop: () => running.stop() };
}

async function isReady(address: string, attributes: readonly string[]): Promise<boolean> {
  const connection = await Connection.connect({ address, connectTimeout: '2s' });
  try {
    return await connection.withDeadline(Date.now() + 5_000, async () => {
      await connection.workflowService.describeNamespace({ namespace: 'default' });
      const known = await connection.operatorService.listSearchAttributes({ namespace: 'default' });
      return attributes.every((name) => known.customAttributes[name] !== undefined);
    });
  } finally {
    await connection.close();
  }
}
