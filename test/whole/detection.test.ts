import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createChannels, type Channels } from '../../adapters/channels/index.ts';
import { createLedger, createLedgerReader, createSightingStore } from '../../adapters/postgres/index.ts';
import { config as configSchema, type Config } from '../../core/contracts/config.ts';
import { accountId } from '../../core/contracts/ids.ts';
import type { Row } from '../../core/contracts/ledger.ts';
import { foldAccount } from '../../core/rules/streams.ts';
import { freePorts } from '../../dev/ports.ts';
import { startAws, type Aws } from '../../dev/servers/aws.ts';
import { startSlackReceiver, type SlackReceiver } from '../../dev/servers/slackReceiver.ts';
import { startSentinel, type Sentinel } from '../../sentinel/sentinel.ts';
import {
  enrolTotp,
  fullLogin,
  newAccount,
  startKratosUnderTest,
  type KratosUnderTest,
} from '../adapters/kratos/harness.ts';
import { acme } from '../sentinel/acme.ts';
import { until } from '../sentinel/harness.ts';
import { openDatabase, type TestDatabase } from '../support/database.ts';

let kratos: KratosUnderTest;
let database: TestDatabase;
let aws: Aws;
let slack: SlackReceiver;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakglass-detection-'));
  const [port = 0] = await freePorts(1);
  [kratos, database, aws, slack] = await Promise.all([
    startKratosUnderTest(),
    openDatabase(),
    startAws({ stateFolder: folder, port }),
    startSlackReceiver({ port: 0 }),
  ]);
  await writeFile(join(folder, 'security-webhook'), slack.webhookUrl, { mode: 0o600 });
});

afterAll(async () => {
  await Promise.all([kratos.stop(), database.close(), aws.stop(), slack.stop()]);
  await rm(folder, { recursive: true, force: true });
});

const account = accountId.parse('acme-eu');

const withAddress = (email: string): Config => {
  const config = acme(aws.topicArn);
  const known = config.accounts[account];
  return configSchema.parse({ ...config, accounts: { [account]: { ...known, address: email } } });
};

const start = async (config: Config, tellProcess: () => Promise<void>): Promise<Sentinel> => {
  const pool = await database.pool('writer');
  const where = { endpoint: aws.endpoint };
  const channels: Channels = createChannels({ config, secretsDir: folder, aws: where });
  return startSentinel({
    ...{
      host: '127.0.0.1',
      port: 0,
      hookKey: kratos.hookKey,
      spoolDir: join(folder, 'spool'),
      kratos: kratos.admin,
    },
    channels: () => channels,
    ledger: createLedger(pool),
    recordSighting: (sighting) => createSightingStore(pool).recordSighting(sighting),
    tellProcess,
    config: () => config,
    log: pino({ level: 'silent' }),
  });
};

/** Hands on what Kratos posts, as it is, key included. */
const forwardTo = ({ port }: Sentinel): void =>
  kratos.hooks.answerWith(({ headers, text }) => {
    const key = String(headers['x-breakglass-hook-key']);
    void fetch(`http://127.0.0.1:${port}/hooks/kratos`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-breakglass-hook-key': key },
      body: text,
    });
    return { status: 202 };
  });

describe('a login to a break-glass account in kratos', () => {
  it('rings once on a real topic and in a chat, is recorded with its session, and is one sighting at aal2', async () => {
    const breakglass = await newAccount(kratos);
    const { seed } = await enrolTotp(kratos, breakglass);
    // Begun before there was a sentinel; its sweep would rightly take it for a login of which no hook told.
    await kratos.admin.endSessions(breakglass.id);
    let isProcessUp = false;
    const told: string[] = [];
    const sentinel = await start(withAddress(breakglass.email), async () => {
      if (!isProcessUp) throw new Error('temporal is down');
      told.push('told');
      return Promise.resolve();
    });
    forwardTo(sentinel);

    const session = await fullLogin(kratos, breakglass, seed);
    const reader = createLedgerReader(await database.pool('api'));
    let rows: Row[] = [];
    while (rows.filter((row) => row.action === 'break_glass_login').length < 2)
      rows = await reader.rowsAfter(0, 100);
    isProcessUp = true;
    await sentinel.idle();
    rows = await reader.rowsAfter(0, 100);

    const { seen } = foldAccount(rows, account);
    expect(seen.map((each) => each.sighting)).toMatchObject([
      { session: session.sessionId, aal: 'aal2', method: 'totp', ip: '127.0.0.1', identity: breakglass.id },
    ]);
    expect(slack.messages().map(({ body }) => body.text)).toEqual([
      expect.stringContaining(
        'Break-glass account acme-eu just signed in from 127.0.0.1. Confirm that this is authorised.',
      ),
    ]);
    const alarms = rows.filter((row) => row.action === 'break_glass_alarm');
    const channels = alarms.flatMap((row) => Object.keys(row.metadata['accepted'] ?? {}));
    expect(channels.sort()).toEqual(['security-chat', 'security-topic']);
    expect(told.length).toBeGreaterThan(0);
    const [recorded, ...more] = await createSightingStore(await database.pool('api')).list({ account });
    expect(more).toEqual([]);
    expect(recorded?.latest).toMatchObject({ session: session.sessionId, aal: 'aal2' });
    await sentinel.stop();
  });

  it('is not confused with the login of somebody else', async () => {
    const somebody = await newAccount(kratos);
    const breakglass = await newAccount(kratos);
    const before = slack.messages().length;
    const sentinel = await start(withAddress(breakglass.email), () => Promise.resolve());
    forwardTo(sentinel);
    const posted = kratos.hooks.received.length;

    await enrolTotp(kratos, somebody);
    await until(() => kratos.hooks.received.length > posted);
    await enrolTotp(kratos, breakglass);
    await until(() => slack.messages().length > before);
    await sentinel.idle();

    expect(slack.messages()).toHaveLength(before + 1);
    await sentinel.stop();
  });
});
