/** Ends processes and servers of a running stack, and starts them again. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { accountWorkflowId, type AccountId } from '../../../core/contracts/ids.ts';
import { wake } from '../../../core/contracts/temporal.ts';
import { kratosBinary } from '../../../dev/fetch/kratos.ts';
import { temporalBinary } from '../../../dev/fetch/temporal.ts';
import { startKratos } from '../../../dev/servers/kratos.ts';
import { startPostgres } from '../../../dev/servers/postgres.ts';
import { startTemporal } from '../../../dev/servers/temporal.ts';
import type { Stack } from '../../../dev/stack/index.ts';
import { reachTemporal } from '../../whole/checks/temporal.ts';
import type { Fault, FaultKind } from './plan.ts';

interface Stoppable {
  stop(): Promise<void>;
}
/** Our own processes. */
export const ours = ['worker', 'sentinel', 'api'] as const;
/** More than chance needs when one call in twenty fails. */
const starts = 5;
const silent = (): void => undefined;

export const createMachines = (stack: Stack, account: AccountId) => {
  const { stateFolder, ports, servers } = stack;
  const logs: string[] = [];
  const now: { temporal: Stoppable; ledger: Stoppable; kratos: Stoppable } = {
    ...{ temporal: servers.temporal, ledger: servers.ours, kratos: servers.kratos },
  };
  const start: Readonly<Record<keyof typeof now, () => Promise<Stoppable>>> = {
    temporal: async () =>
      startTemporal({
        ...{ binary: await temporalBinary(silent), stateFolder, ports: { grpc: ports.temporal } },
      }),
    ledger: () => startPostgres({ name: 'ours', stateFolder, port: ports.ours, durable: false }),
    kratos: async () =>
      startKratos({
        ...{ binary: await kratosBinary(silent), stateFolder },
        databaseUrl: servers.kratosDatabase.url('kratos'),
        configFile: join(stateFolder, 'kratos', 'kratos.yml'),
        ...{ publicPort: ports.kratosPublic, adminPort: ports.kratosAdmin },
      }),
  };
  /** As a supervisor would: again, when it ends before it is ready because a server did not answer. */
  const restart = async (name: (typeof ours)[number]): Promise<void> => {
    const logFile = join(stateFolder, 'logs', `${name}.log`);
    for (let triesLeft = starts; ; triesLeft -= 1) {
      // A start keeps the log of one run before it only.
      logs.push(await readFile(logFile, 'utf8'));
      try {
        await stack.restart(name);
        return;
      } catch (error) {
        if (triesLeft <= 1) throw error;
      }
    }
  };
  const kill =
    (name: (typeof ours)[number]) =>
    async (outage: number): Promise<void> => {
      const running = stack.running.get(name);
      if (running === undefined) throw new Error(`no ${name} runs`);
      process.kill(running.pid, 'SIGKILL');
      await running.exited;
      await sleep(outage * 1000);
      await restart(name);
    };
  const stop =
    (name: keyof typeof now) =>
    async (outage: number): Promise<void> => {
      await now[name].stop();
      await sleep(outage * 1000);
      now[name] = await start[name]();
    };
  const wakeTwice = async (workflows: readonly string[]): Promise<void> => {
    const temporal = await reachTemporal(stack);
    try {
      const handles = workflows.map((id) => temporal.keyed.raw.workflow.getHandle(id));
      // One that has closed meanwhile hears nothing any more.
      await Promise.allSettled([...handles, ...handles].map((each) => each.signal(wake)));
    } finally {
      await temporal.close();
    }
  };
  const faults: Readonly<Record<Exclude<FaultKind, 'woken twice'>, (outage: number) => Promise<void>>> = {
    ...{ 'worker killed': kill('worker'), 'sentinel killed': kill('sentinel'), 'api killed': kill('api') },
    ...{ 'temporal stopped': stop('temporal'), 'ledger stopped': stop('ledger') },
    'kratos stopped': stop('kratos'),
  };
  return {
    /** Breaks and mends. @param cases - workflows besides the account's that may be woken */
    inflict: async ({ kind, outage }: Fault, cases: readonly string[]): Promise<void> =>
      kind === 'woken twice' ? wakeTwice([accountWorkflowId(account), ...cases]) : faults[kind](outage),
    restart,
    /** Our processes that have ended though nobody ended them. */
    dead: async (): Promise<string[]> => {
      const ended: string[] = [];
      for (const name of ours) {
        const gone = stack.running.get(name)?.exited.then(() => true) ?? true;
        if (await Promise.race([gone, sleep(10).then(() => false)])) ended.push(name);
      }
      return ended;
    },
    /** What our processes have written, those too that were killed. */
    said: async (): Promise<string[]> => [
      ...logs,
      ...(await Promise.all([...stack.running.values()].map((each) => readFile(each.logFile, 'utf8')))),
    ],
    /** Ends the servers that were started again here: the stack knows only those of its own start. */
    stop: async (): Promise<void> => {
      for (const name of ['kratos', 'temporal', 'ledger'] as const) await now[name].stop();
    },
  };
};
export type Machines = ReturnType<typeof createMachines>;
