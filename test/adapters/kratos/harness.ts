import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret, TOTP } from 'otpauth';
import pg from 'pg';
import { createKratosAdmin, createKratosLogin } from '../../../adapters/kratos/index.ts';
import type { KratosAdmin, KratosLogin, LoggedIn } from '../../../adapters/kratos/index.ts';
import { kratosBinary } from '../../../dev/fetch/kratos.ts';
import { writeKratosConfig } from '../../../dev/kratos-config.ts';
import { freePorts } from '../../../dev/ports.ts';
import { startKratos } from '../../../dev/servers/kratos.ts';
import { startPostgres } from '../../../dev/servers/postgres.ts';
import { startReceiver, type Receiver } from './receiver.ts';

/** A real Kratos on a real Postgres, and a receiver of its hooks. */
export interface KratosUnderTest {
  readonly admin: KratosAdmin;
  readonly login: KratosLogin;
  readonly publicUrl: string;
  readonly adminUrl: string;
  readonly hooks: Receiver;
  readonly hookKey: string;
  /** Straight into Kratos's database, for what its api cannot set up. */
  query(sql: string, values?: unknown[]): Promise<unknown[]>;
  stop(): Promise<void>;
}

export async function startKratosUnderTest(): Promise<KratosUnderTest> {
  const stateFolder = await mkdtemp(join(tmpdir(), 'breakglass-kratos-'));
  const ending: (() => Promise<unknown>)[] = [() => rm(stateFolder, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const end of ending.splice(0).reverse()) await end();
  };
  try {
    const hooks = await startReceiver();
    ending.push(() => hooks.stop());
    const [postgresPort = 0, publicPort = 0, adminPort = 0] = await freePorts(3);
    const postgres = await startPostgres({ name: 'kratos', stateFolder, port: postgresPort, durable: false });
    ending.push(() => postgres.destroy());
    const publicUrl = `http://127.0.0.1:${String(publicPort)}`;
    const adminUrl = `http://127.0.0.1:${String(adminPort)}`;
    const hookKey = randomBytes(24).toString('base64url');
    const configFile = await writeKratosConfig({
      folder: stateFolder,
      publicUrl,
      adminUrl,
      hookUrl: `${hooks.url}/kratos/login`,
      hookKey,
    });
    const binary = await kratosBinary(() => undefined);
    const kratos = await startKratos({
      binary,
      stateFolder,
      databaseUrl: postgres.url(),
      configFile,
      publicPort,
      adminPort,
    });
    ending.push(() => kratos.stop());
    const pool = new pg.Pool({ connectionString: postgres.url(), max: 1 });
    ending.push(() => pool.end());
    return {
      admin: createKratosAdmin({ adminUrl, timeoutMs: 20_000 }),
      login: createKratosLogin({ publicUrl, timeoutMs: 20_000 }),
      publicUrl,
      adminUrl,
      hooks,
      hookKey,
      query: async (sql, values = []) => (await pool.query<Record<string, unknown>>(sql, values)).rows,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A break-glass account at password only. */
export interface Account {
  readonly id: string;
  readonly email: string;
  readonly password: string;
}

export function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

export async function newAccount({ admin }: KratosUnderTest): Promise<Account> {
  const email = `breakglass-${randomBytes(6).toString('hex')}@acme.example`;
  const password = newPassword();
  const id = await admin.createIdentity({
    schemaId: 'default',
    traits: { email, role: 'admin' },
    password,
  });
  return { id, email, password };
}

/** The code of a seed, now or that many seconds away from now. */
export function codeOf(seed: string, secondsAway = 0): string {
  return new TOTP({ secret: Secret.fromBase32(seed) }).generate({
    timestamp: Date.now() + secondsAway * 1000,
  });
}

/** The value, where the test has no case without it. */
export function granted<T extends { readonly refused: boolean }>(outcome: T): Extract<T, { refused: false }> {
  if (isGranted(outcome)) return outcome;
  throw new Error(`refused: ${JSON.stringify(outcome)}`);
}

function isGranted<T extends { readonly refused: boolean }>(
  outcome: T,
): outcome is Extract<T, { refused: false }> {
  return !outcome.refused;
}

export async function passwordLogin(kratos: KratosUnderTest, account: Account): Promise<LoggedIn> {
  const { email: identifier, password } = account;
  return granted(await kratos.login.login({ identifier, password }));
}

/** Enrols TOTP and gives the seed and the session that did it. */
export async function enrolTotp(
  kratos: KratosUnderTest,
  account: Account,
): Promise<{ seed: string; sessionToken: string; sessionId: string }> {
  const { sessionToken, sessionId } = await passwordLogin(kratos, account);
  const { flowId, seed } = granted(await kratos.login.beginTotp({ sessionToken }));
  granted(await kratos.login.confirmTotp({ sessionToken, flowId, code: codeOf(seed) }));
  return { seed, sessionToken, sessionId };
}

/** Both factors. */
export async function fullLogin(kratos: KratosUnderTest, account: Account, seed: string): Promise<LoggedIn> {
  const { sessionToken } = await passwordLogin(kratos, account);
  return granted(await kratos.login.loginSecondFactor({ sessionToken, code: codeOf(seed) }));
}
