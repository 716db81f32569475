import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { freePorts } from '../../../dev/ports.ts';
import { startStack } from '../../../dev/stack/index.ts';
import { cast, playCase, provision } from '../../../dev/stack/play.ts';
import { makeAuthority } from '../../../test/support/certificates.ts';
import { startSystemPostgres, systemPostgres } from '../../../test/support/systemPostgres.ts';
import type { Proof } from '../../figure.ts';
import { runDocumented, runProcess, type Operator } from './programs.ts';
import { proveRestore } from './restore.ts';
import { held, reportSizes, twoNumbers } from './sizes.ts';
import { demandTls, startTlsProxy, writeProfile } from './tls.ts';

const names = ['worker', 'sentinel', 'api'] as const;

/** Connections of our roles to Postgres now, with TLS and without. */
const connections = `SELECT count(*) FILTER (WHERE ssl), count(*) FILTER (WHERE NOT ssl)
  FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename IN ('breakglass_writer', 'breakglass_api')`;

/**
 * Worker, sentinel and api against a Postgres and a Temporal as one has them already: set up by the commands of
 * `docs/operating.md`, reached by TLS alone, restored from a dump.
 */
export const proveDeploy = async (proof: Proof): Promise<void> => {
  const { report, say } = proof;
  const tell = (figure: string, value: number | string, floor: string, ok: boolean): void =>
    report({ figure, value, unit: '', bare: null, floor, ok });
  const bin = await systemPostgres();
  if (bin === null) throw new Error('no Postgres of the system: install it (Debian: apt install postgresql)');
  const stopping: (() => unknown)[] = [];
  const folder = await mkdtemp(join(tmpdir(), 'breakglass-deploy-'));
  try {
    // Beside it, for Postgres's user may not enter ours.
    const cluster = await mkdtemp(join(tmpdir(), 'breakglass-deploy-'));
    stopping.push(() => rm(cluster, { recursive: true, force: true }));
    const postgres = await startSystemPostgres(bin, cluster);
    stopping.unshift(() => postgres.stop());
    const stateFolder = join(folder, 'state');
    const stack = await startStack({ stateFolder, durable: false, watchdogSeconds: 1, progress: say });
    const { ours, kratosDatabase } = stack.servers;
    stopping.unshift(
      () => stack.stop(),
      () => ours.destroy(),
      () => kratosDatabase.destroy(),
    );

    const [authority, strangers] = [
      await makeAuthority(folder, 'own'),
      await makeAuthority(folder, 'strangers'),
    ];
    await demandTls(postgres, authority);
    const [proxyPort = 0] = await freePorts(1);
    const proxy = await startTlsProxy(authority, stack.servers.temporal.address, proxyPort);
    stopping.unshift(() => proxy.close());
    const client = await authority.issue('breakglass');
    const profile = await writeProfile(join(folder, 'temporal.toml'), proxy, authority.caFile, client);
    const stranger = await writeProfile(join(folder, 'stranger.toml'), proxy, authority.caFile);

    const fileOf = (name: string): string => join(stateFolder, 'settings', `${name}.json`);
    const schema = z.looseObject({ postgres: z.looseObject({}) });
    const rewrite = async (
      name: string,
      to = fileOf(name),
      { caFile, configFile } = { caFile: authority.caFile, configFile: profile },
    ): Promise<string> => {
      const settings = schema.parse(JSON.parse(await readFile(fileOf(name), 'utf8')));
      const { host, port } = postgres.superuser;
      const reached = { ...settings.postgres, host, port, tls: { caFile } };
      const temporal = { configFile, profile: 'production' };
      await writeFile(to, JSON.stringify({ ...settings, postgres: reached, temporal }), { mode: 0o600 });
      return to;
    };
    for (const name of names) {
      await stack.running.get(name)?.stop();
      await rewrite(name);
    }
    const operator: Operator = {
      env: {
        ...postgres.env,
        PATH: `${bin}:${process.env['PATH'] ?? ''}`,
        ...{ PGSSLMODE: 'verify-full', PGSSLROOTCERT: authority.caFile },
      },
      cwd: folder,
      workerSettings: fileOf('worker'),
    };
    await writeFile(join(folder, 'superuser.password'), postgres.superuser.password, { mode: 0o400 });
    await copyFile(stack.secrets.apiPasswordFile, join(folder, 'api.password'));
    await runDocumented('BREAKGLASS_SETTINGS=', operator);
    say('worker, sentinel and api again, by TLS to another Postgres and to Temporal');
    for (const name of names) await stack.restart(name);
    await provision(stack.cli, 'acme-eu', cast, say);
    const before = await held(postgres, stack);
    const { view } = await playCase({ ...stack, account: 'acme-eu', kind: 'drill', cast }, say);
    tell('a drill by TLS to Postgres and Temporal ends', view.phase, 'closed', view.phase === 'closed');
    const [secure, plain] = await twoNumbers(postgres, connections);
    tell('  connections to Postgres, with TLS', secure, '3 or more', secure >= 3);
    tell('  without', plain, '0', plain === 0);
    const accepted = proxy.accepted();
    tell('  to Temporal, with a client certificate', accepted, '3 or more', accepted >= 3);
    await reportSizes(proof, stack, before, await held(postgres, stack));

    const refusedBefore = proxy.refused();
    const bare = await rewrite('worker', join(folder, 'bare.json'), {
      ...{ caFile: authority.caFile, configFile: stranger },
    });
    const without = await runProcess('worker', bare);
    const refused = proxy.refused() - refusedBefore;
    const isRefused = without.exit === 1 && refused > 0;
    tell('a worker without a client certificate', without.exit ?? 'runs on', 'exit 1, refused', isRefused);
    const wrongCa = await rewrite('worker', join(folder, 'wrong-ca.json'), {
      ...{ caFile: strangers.caFile, configFile: profile },
    });
    const wrong = await runProcess('worker', wrongCa);
    const isSaid = wrong.exit === 1 && wrong.said.includes('certificate');
    if (!isRefused || !isSaid) say(`${without.said}\n${wrong.said}`);
    tell(
      "a worker that does not trust Postgres's authority",
      wrong.exit ?? 'runs on',
      'exit 1, says why',
      isSaid,
    );

    await proveRestore(proof, stack, operator);
  } finally {
    for (const stop of stopping) await stop();
    await rm(folder, { recursive: true, force: true });
  }
};
