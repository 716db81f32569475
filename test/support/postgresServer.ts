/**
 * One Postgres for a whole test run, as a `globalSetup` of vitest: started when the first test asks for it,
 * stopped when the run ends.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { TestProject } from 'vitest/node';
import { setUpDatabase } from '../../adapters/postgres/index.ts';
import { freePorts } from '../../dev/ports.ts';
import { startPostgres } from '../../dev/servers/postgres.ts';

export const TEMPLATE = 'breakglass_template';

/** The run's cluster, with a migrated database to copy. Made at test time, gone after it. */
export const testCluster = z.object({
  host: z.string(),
  port: z.number(),
  user: z.string(),
  password: z.string(),
  passwords: z.object({ writer: z.string(), api: z.string() }),
});
export type TestCluster = z.infer<typeof testCluster>;

declare module 'vitest' {
  interface ProvidedContext {
    /** Address that answers with a {@link TestCluster}, once it is up; none without the global set-up. */
    testCluster: string | undefined;
  }
}

export interface StartedCluster {
  readonly cluster: TestCluster;
  readonly stop: () => Promise<void>;
}

/** Starts a cluster in a temporary folder. */
export async function startTestCluster(): Promise<StartedCluster> {
  const stateFolder = await mkdtemp(join(tmpdir(), 'breakglass-test-'));
  const [port = 0] = await freePorts(1);
  const postgres = await startPostgres({ name: 'test', stateFolder, port, durable: false });
  const stop = async (): Promise<void> => {
    await postgres.destroy();
    await rm(stateFolder, { recursive: true, force: true });
  };
  try {
    const { host, user, password } = postgres;
    const superuser = { host, port, user, password };
    const passwords = {
      writer: randomBytes(18).toString('base64url'),
      api: randomBytes(18).toString('base64url'),
    };
    await setUpDatabase({ superuser, database: TEMPLATE, passwords });
    return { cluster: { ...superuser, passwords }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What vitest runs before all tests; what it returns, after them. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Unguessable, since the answer opens the cluster.
  const path = `/${randomBytes(16).toString('hex')}`;
  let started: ReturnType<typeof startTestCluster> | undefined;
  const server = createServer((request, response) => {
    if (request.url !== path) return void response.writeHead(404).end();
    started ??= startTestCluster();
    started.then(
      ({ cluster }) => response.end(JSON.stringify(cluster)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  project.provide('testCluster', `http://127.0.0.1:${port}${path}`);
  return async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    // One that did not start has failed its tests already.
    await (await started?.catch(() => undefined))?.stop();
  };
}
