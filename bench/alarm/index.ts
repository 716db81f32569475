import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { z } from 'zod';
import { createKratosAdmin, createKratosLogin } from '../../adapters/kratos/index.ts';
import { createLedgerReader, createPool, WRITER } from '../../adapters/postgres/index.ts';
import { asSuperuser } from '../../adapters/postgres/setUp.ts';
import { freePorts } from '../../dev/ports.ts';
import { scriptCommand, startProcess } from '../../dev/processes.ts';
import type { Stack } from '../../dev/stack/index.ts';
import { database } from '../../dev/stack/servers.ts';
import { acceptances } from '../../dev/stack/times.ts';
import { median, rounded } from '../figure.ts';
import type { Tee } from './tee.ts';

/** From Kratos's answer to the first channel's acceptance, in milliseconds: ours and the bare arm's, login by login. */
export interface AlarmTimes {
  readonly ours: readonly number[];
  readonly bare: readonly number[];
  readonly ratio: number;
}

const account = 'acme-billing';
const password = 'a bench password of no worth: 7391';

const startBare = async (stack: Stack) => {
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error('no free port for the bare arm');
  await asSuperuser(stack.servers.ours, async (client) => {
    await client.query('DROP DATABASE IF EXISTS bare');
    await client.query('CREATE DATABASE bare');
  });
  const client = new pg.Client({ connectionString: stack.servers.ours.url('bare') });
  await client.connect();
  await client.query(
    'CREATE TABLE bare_events (id bigserial PRIMARY KEY, body text NOT NULL, at timestamptz DEFAULT now())',
  );
  await client.end();
  const settings = join(stack.stateFolder, 'settings', 'bare.json');
  const webhookUrl = stack.servers.slack.webhookUrl;
  await writeFile(
    settings,
    JSON.stringify({ port, databaseUrl: stack.servers.ours.url('bare'), webhookUrl }),
    { mode: 0o600 },
  );
  const url = `http://127.0.0.1:${port}`;
  const running = await startProcess({
    name: 'bare-handler',
    ...scriptCommand(fileURLToPath(new URL('./bareHandler.ts', import.meta.url)), ['--settings', settings]),
    stateFolder: stack.stateFolder,
    ready: async () => (await fetch(url)).ok,
  });
  const acceptedAt = async (): Promise<number[]> =>
    z.array(z.number()).parse(await (await fetch(url)).json());
  return { url, acceptedAt, stop: () => running.stop() };
};

/** Acceptances of our alarms in the order of the logins. */
const ourAcceptances = async (stack: Stack, wanted: number): Promise<number[]> => {
  const { host, port } = stack.servers.ours;
  const pool = await createPool(
    { host, port, database, user: WRITER, passwordFile: stack.secrets.writerPasswordFile },
    { applicationName: 'breakglass bench' },
  );
  try {
    for (let tries = 0; tries < 100; tries += 1) {
      const rows = (await createLedgerReader(pool).rowsAfter(0, 1000)).filter(
        (each) => each.action === 'break_glass_alarm' && each.resource_id === account,
      );
      const first = new Map<string, number>();
      for (const { accepted, sighting } of rows.map((each) => acceptances.parse(each.metadata)))
        for (const at of Object.values(accepted).map((each) => Date.parse(each)))
          first.set(sighting, Math.min(first.get(sighting) ?? at, at));
      if (first.size >= wanted) return [...first.values()].toSorted((one, other) => one - other);
      await sleep(200);
    }
    throw new Error(`the ledger never had ${wanted} alarms`);
  } finally {
    await pool.end();
  }
};

/**
 * Logs in to a break-glass identity again and again; the hook goes to the
 * sentinel and to the bare arm in turn, through the same door.
 *
 * @param each - logins for each arm
 */
export const measureAlarm = async (stack: Stack, tee: Tee, each: number): Promise<AlarmTimes> => {
  const email = 'breakglass-billing@acme.example';
  const admin = createKratosAdmin({ adminUrl: stack.servers.kratos.adminUrl, timeoutMs: 10_000 });
  await admin.createIdentity({ schemaId: 'default', traits: { email, role: 'admin' }, password });
  const login = createKratosLogin({ publicUrl: stack.servers.kratos.publicUrl, timeoutMs: 10_000 });
  const bare = await startBare(stack);
  const sentinel = `http://127.0.0.1:${stack.ports.sentinel}/hooks/kratos`;
  const answered: Record<'ours' | 'bare', number[]> = { ours: [], bare: [] };
  const warmUp = 2;
  try {
    for (let n = 0; n < 2 * (each + warmUp); n += 1) {
      const arm = n % 2 === 0 ? 'ours' : 'bare';
      tee.target = arm === 'ours' ? sentinel : bare.url;
      const outcome = await login.login({ identifier: email, password });
      if (outcome.refused) throw new Error(`kratos refused a login of the bench: ${outcome.reason}`);
      answered[arm].push(Date.now());
      // Long enough for either arm to finish: overlapping logins would measure a queue.
      await sleep(700);
    }
    const ourTimes = (await ourAcceptances(stack, each + warmUp)).slice(-(each + warmUp));
    const bareTimes = (await bare.acceptedAt()).slice(-(each + warmUp));
    const delays = (accepted: readonly number[], from: readonly number[]): number[] =>
      accepted.map((at, n) => at - (from[n] ?? Number.NaN)).slice(warmUp);
    const ours = delays(ourTimes, answered.ours);
    const bareDelays = delays(bareTimes, answered.bare);
    return { ours, bare: bareDelays, ratio: rounded(median(ours) / median(bareDelays)) };
  } finally {
    await bare.stop();
  }
};
