import { rm } from 'node:fs/promises';
import { z } from 'zod';
import { accountId, accountWorkflowId } from '../../../core/contracts/ids.ts';
import { searchAttributeTypes } from '../../../core/contracts/temporal.ts';
import { temporalBinary } from '../../../dev/fetch/temporal.ts';
import { startTemporal } from '../../../dev/servers/temporal.ts';
import { mustRun } from '../../../dev/stack/cli.ts';
import type { Stack } from '../../../dev/stack/index.ts';
import { ask, cast, viewCase } from '../../../dev/stack/play.ts';
import { until } from '../../../test/survival/checks/watchdog.ts';
import { reachTemporal } from '../../../test/whole/checks/temporal.ts';
import type { Proof } from '../../figure.ts';
import { runDocumented, type Operator } from './programs.ts';

const account = accountId.parse('acme-eu');
const names = ['worker', 'sentinel', 'api'] as const;

/** How many of these workflows run now. */
const runningOf = async (stack: Stack, ids: readonly string[]): Promise<number> => {
  const reached = await reachTemporal(stack);
  try {
    const states = ids.map((id) =>
      reached.keyed.raw.workflow
        .getHandle(id)
        .describe()
        .then(
          ({ status }) => status.name === 'RUNNING',
          () => false,
        ),
    );
    return (await Promise.all(states)).filter(Boolean).length;
  } finally {
    await reached.close();
  }
};

/**
 * Asks for a case, dumps our Postgres as `docs/operating.md` says, loses database and Temporal altogether, and
 * restores as it says: the ledger verifies, the workflows are begun again, the case goes on.
 */
export const proveRestore = async (
  { report, say }: Proof,
  stack: Stack,
  operator: Operator,
): Promise<void> => {
  const tell = (figure: string, value: number | string, wanted: number | string): void =>
    report({ figure, value, unit: '', bare: null, floor: String(wanted), ok: value === wanted });
  const { cli, stateFolder, ports, servers } = stack;
  const id = await ask(cli, account, 'emergency', cast);
  const rows = z.object({ rows: z.number() });
  const verify = async (): Promise<number> =>
    rows.parse(JSON.parse(await mustRun(cli, 'tomas', 'ledger', 'verify', '--json'))).rows;
  const before = await verify();
  await runDocumented('pg_dump', operator);
  say(`${id} is asked for and our database dumped; stopping our processes, deleting all that Temporal has`);
  for (const name of names) await stack.running.get(name)?.stop();
  await servers.temporal.stop();
  await rm(servers.temporal.databaseFile);
  await runDocumented('dropdb', operator);
  const temporal = await startTemporal({
    ...{ binary: await temporalBinary(say), stateFolder, ports: { grpc: ports.temporal } },
    searchAttributes: searchAttributeTypes,
  });
  try {
    for (const name of ['sentinel', 'worker', 'api'] as const) await stack.restart(name);
    tell(
      'a dump restored: rows that breakglass ledger verify lacks',
      Math.max(0, before - (await verify())),
      0,
    );
    const ids = [accountWorkflowId(account), id];
    await until('the workflows to run again', async () => (await runningOf(stack, ids)) === ids.length);
    tell('  workflows begun again in an empty Temporal, of 2', await runningOf(stack, ids), 2);
    for (const person of cast.approvers) await mustRun(cli, person, 'approve', id, '--yes');
    tell('  the case goes on: two approve, and it is', (await viewCase(cli, 'maya', id)).phase, 'authorised');
  } finally {
    for (const name of names) await stack.running.get(name)?.stop();
    await temporal.stop();
  }
};
