import { createServer } from 'node:http';
import type { NativeConnection } from '@temporalio/worker';
import { within } from '../adapters/within.ts';
import { taskQueue } from '../core/contracts/temporal.ts';
import type { Health, Unable } from '../core/contracts/health.ts';

/** Milliseconds. A server that takes longer keeps the worker from its work as one that is down does. */
const PATIENCE_MS = 2_000;

/** What the worker must be able to do, and how that is tried; the trial rejects when it cannot. */
export type Duties = Readonly<Record<string, () => Promise<unknown>>>;

/**
 * Tries each duty, all at once.
 *
 * @param patienceMs - a trial that takes longer has failed
 * @returns the names of those that failed. Never rejects.
 */
export const lookAt = async (duties: Duties, patienceMs = PATIENCE_MS): Promise<Unable> => {
  const failed = Object.entries(duties).map(async ([name, tried]) => {
    try {
      await within(tried(), patienceMs);
      return [];
    } catch {
      return [name];
    }
  });
  return (await Promise.all(failed)).flat();
};

/** Asks for our queue: its answer needs Temporal's frontend and what hands out the work behind it. */
export const askQueue = async (connection: NativeConnection, namespace: string): Promise<void> => {
  await connection.withDeadline(Date.now() + PATIENCE_MS, () =>
    connection.workflowService.describeTaskQueue({ namespace, taskQueue: { name: taskQueue } }),
  );
};

/**
 * Answers every GET on a port with what the worker cannot do: 200 when that is nothing, else 503.
 *
 * @returns stops answering
 */
export const startHealth = (
  { host, port }: { readonly host: string; readonly port: number },
  cannot: () => Promise<Unable>,
): (() => void) => {
  const server = createServer((_, response) => {
    void cannot().then((what) => {
      const body: Health = { cannot: [...what] };
      response
        .writeHead(what.length === 0 ? 200 : 503, { 'content-type': 'application/json' })
        .end(JSON.stringify(body));
    });
  }).listen(port, host);
  return () => server.close();
};
