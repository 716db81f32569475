import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createPool } from '../../../adapters/postgres/index.ts';
import { asSuperuser } from '../../../adapters/postgres/setUp.ts';
import { makeWorld } from '../../../test/client/cli/world.ts';
import { startTestCluster, TEMPLATE, type TestCluster } from '../../../test/support/postgresServer.ts';
import {
  checkpointsAt,
  kinds,
  seeded,
  someSizes,
  verifyRows,
  type Kind,
} from '../../../test/survival/checks/ledger.ts';
import { realRows, tryOnCopy, tryOnRows, type Tally } from '../../../test/survival/checks/ledgerCopy.ts';
import type { Proof } from '../../figure.ts';

/** Of each kind: really done in Postgres by the owner and read by the CLI; and on exported rows. */
const inPostgres = 20;
const onRows = 180;
const untouchedLedgers = 200;

/** A database of its own, open to its owner and to the api. */
const withDatabase = async <T>(
  cluster: TestCluster,
  name: string,
  work: (owner: pg.Client, apiPool: pg.Pool) => Promise<T>,
): Promise<T> => {
  const { host, port, user, password } = cluster;
  await asSuperuser(cluster, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`));
  const folder = await mkdtemp(join(tmpdir(), 'breakglass-bench-'));
  const passwordFile = join(folder, 'api');
  await writeFile(passwordFile, cluster.passwords.api, { mode: 0o600 });
  const owner = new pg.Client({ host, port, user, password, database: name });
  await owner.connect();
  const apiPool = await createPool(
    { host, port, database: name, user: 'breakglass_api', passwordFile },
    { applicationName: 'breakglass bench' },
  );
  try {
    return await work(owner, apiPool);
  } finally {
    await owner.end();
    await apiPool.end();
    await rm(folder, { recursive: true, force: true });
  }
};

const reportTally = ({ report }: Proof, kind: Kind, where: string, { done, found, missed }: Tally): void => {
  report({
    ...{ figure: `ledger ${kind} ${where}: found of ${done}`, value: found, unit: 'ledgers', bare: null },
    ...{ floor: `all ${done}`, ok: done > 0 && found === done && missed.length === 0 },
  });
};

/** Changes a ledger in every way, compares it with its last witnessed checkpoint, and leaves others alone. */
export const proveLedger = async (proof: Proof): Promise<void> => {
  const { report, say } = proof;
  const world = await makeWorld();
  const { cluster, stop } = await startTestCluster();
  try {
    const rows = await realRows(world);
    const of = { origin: world.harness.org.data.origin, config: world.harness.org.digest };
    for (const kind of kinds) {
      say(`${kind}: ${inPostgres} times in Postgres with the triggers off, ${onRows} times on exported rows`);
      const done = await withDatabase(cluster, `bench_${kind}`, (owner, apiPool) =>
        tryOnCopy(world, { owner, apiPool, rows }, { kind, times: inPostgres, random: seeded(1) }),
      );
      reportTally(proof, kind, 'in Postgres, by the CLI', done);
      report({
        ...{ figure: `ledger before and after, untouched (${kind})`, value: done.untouched ? 0 : 1 },
        ...{ unit: 'reports', bare: null, floor: '0', ok: done.untouched },
      });
      const random = seeded(2);
      reportTally(
        proof,
        kind,
        'in exported rows',
        await tryOnRows(rows, { kind, times: onRows, random }, of, verifyRows),
      );
    }
    const random = seeded(3);
    let reported = 0;
    for (let n = 0; n < untouchedLedgers; n += 1) {
      const ledger = rows.slice(0, 1 + random(rows.length));
      const verdict = await verifyRows(
        ledger,
        await checkpointsAt(ledger, someSizes(ledger.length, random), of),
      );
      if (!verdict.ok) reported += 1;
    }
    report({
      ...{ figure: `untouched ledgers reported, of ${untouchedLedgers}`, value: reported, unit: 'ledgers' },
      ...{ bare: null, floor: '0', ok: reported === 0 },
    });
  } finally {
    await stop();
    await world.remove();
  }
};
