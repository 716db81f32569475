/** The real workflows on a server that skips time, with a worker in this process; worlds are served one after another. */
import { activityInfo } from '@temporalio/activity';
import { Worker } from '@temporalio/worker';
import type { Activities } from '../../../activities/index.ts';
import { createBreakglassClient, type BreakglassClient } from '../../../client/temporal.ts';
import { accountWorkflowId } from '../../../core/contracts/ids.ts';
import { taskQueue, view } from '../../../core/contracts/temporal.ts';
import { newKeyRing, startServer, workflowsOn } from '../../workflows/server.ts';
import { account } from '../world.ts';

/** A workflow's history, to be replayed once the run is over. */
export interface Kept {
  readonly workflowId: string;
  readonly history: Awaited<
    ReturnType<ReturnType<BreakglassClient['raw']['workflow']['getHandle']>['fetchHistory']>
  >;
}

/** Milliseconds that looking at what is stuck, and ending it, may take. */
const patience = 3_000;

export const startSkippingServer = async () => {
  const env = await startServer();
  const ring = newKeyRing();
  const workflows = await workflowsOn(ring);
  let offset = 0;
  // Behind the server's clock after a skip, never ahead of it: nothing is judged before its time.
  const look = async (): Promise<void> => {
    offset = (await env.currentTimeMs()) - Date.now();
  };
  let world: Activities | null = null;
  const seen = new Set<string>();
  /** Whose turn it is, once it is known what time it is there. */
  const served = async (): Promise<Activities> => {
    seen.add(activityInfo().workflowExecution?.workflowId ?? 'of no workflow');
    await look();
    if (world === null) throw new Error('no world is played');
    return world;
  };
  const activities: Activities = {
    hearAccount: async (it) => (await served()).hearAccount(it),
    hearCase: async (it) => (await served()).hearCase(it),
    tickAccount: async (it) => (await served()).tickAccount(it),
    tickCase: async (it) => (await served()).tickCase(it),
    recordGone: async (it) => (await served()).recordGone(it),
    endSessions: async (it) => (await served()).endSessions(it),
    rotate: async (it) => (await served()).rotate(it),
    recordRotationFailure: async (it) => (await served()).recordRotationFailure(it),
  };
  const worker = await Worker.create({
    ...{ connection: env.nativeConnection, taskQueue, ...workflows, shutdownForceTime: '2s' },
    activities,
  });
  let death: string | null = null;
  const running = worker.run().catch((error: unknown) => void (death = String(error)));
  await look();
  const client = createBreakglassClient({ connection: env.connection, namespace: 'default', keyRing: ring });
  const handle = (id: string) => client.raw.workflow.getHandle(id);
  const tell = async (id: string): Promise<string> => {
    try {
      return await env.connection.withDeadline(Date.now() + patience, async () => {
        const [{ status }, { events }] = [await handle(id).describe(), await handle(id).fetchHistory()];
        const last = (events ?? []).slice(-6).map((each) => {
          const kind = Object.entries(each).find(
            ([key, value]) => key.endsWith('Attributes') && value != null,
          );
          return kind?.[0].replace('EventAttributes', '') ?? 'unknown';
        });
        return `${id} ${status.name}, ${events?.length ?? 0} events, at last ${last.join(', ')}`;
      });
    } catch (error) {
      return `${id}: ${String(error)}`;
    }
  };
  return {
    client,
    /** The server's time, as it was told last and has gone on since. */
    now: (): Date => new Date(Date.now() + offset),
    /** Whose activities the worker runs from now on. */
    serve(activities: Activities): void {
      world = activities;
      seen.clear();
      seen.add(accountWorkflowId(account));
    },
    /** Lets time go by, skipped as soon as no workflow or activity is at work. */
    async pass(seconds: number): Promise<void> {
      await env.sleep(seconds * 1000);
      await look();
    },
    /** What the workflows believe; of one that does not answer, what was said of it. */
    async copies(ids: readonly string[]): Promise<Map<string, unknown>> {
      const copies = new Map<string, unknown>();
      for (const id of ids) copies.set(id, await handle(id).query(view).catch(String));
      return copies;
    },
    keep: (ids: readonly string[]): Promise<Kept[]> =>
      Promise.all(
        ids.map(async (workflowId) => ({ workflowId, history: await handle(workflowId).fetchHistory() })),
      ),
    /** Only while it rests: one terminated within a task keeps its hold on the server's clock for good. */
    terminate: (id: string): Promise<unknown> => handle(id).terminate('its seed is over'),
    /** Which histories the code that made them refuses. */
    async notReplayable(kept: readonly Kept[]): Promise<string[]> {
      const refused: string[] = [];
      for await (const { workflowId, error } of Worker.runReplayHistories(workflows, kept))
        if (error !== undefined) refused.push(`${workflowId}: ${error.message}`);
      return refused;
    },
    /** Whatever is asked of the server in the work ends with the signal: what is not answered would be asked for ever. */
    until: <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> =>
      env.connection.withAbortSignal(signal, work),
    /** The end of each workflow's history, in a line: what they were at when nothing went on. */
    tell: async (): Promise<string[]> => [
      `the worker is ${worker.getState()}${death === null ? '' : `: ${death}`}`,
      ...(await Promise.all([...seen].map(tell))),
    ],
    async stop(): Promise<void> {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await running;
      await env.teardown();
    },
  };
};
export type SkippingServer = Awaited<ReturnType<typeof startSkippingServer>>;
