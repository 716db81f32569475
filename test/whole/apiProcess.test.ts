import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLedgerReader } from '../../adapters/postgres/index.ts';
import { canonicalize } from '../../core/contracts/canonical.ts';
import { challengeResponse, ledgerPage, problem, tokenResponse } from '../../core/contracts/http.ts';
import { namespaces } from '../../core/contracts/statements.ts';
import { freePorts } from '../../dev/ports.ts';
import { openDatabase, type TestDatabase } from '../support/database.ts';
import { makeOrg, newNonce, type Org } from '../support/org.ts';

describe('the api’s process on a real Postgres, with Temporal down', () => {
  let org: Org;
  let database: TestDatabase;
  let base: string;
  let child: ChildProcess;
  let output = '';
  beforeAll(async () => {
    const [port = 0, nobody = 0] = await freePorts(2);
    base = `http://127.0.0.1:${port}`;
    org = await makeOrg(base);
    database = await openDatabase();
    const file = (name: string): string => join(org.folder, name);
    await mkdir(file('config'));
    await writeFile(file('config/0001.json'), JSON.stringify(org.chain[0]));
    const keys = { current: 'k1', keys: { k1: randomBytes(32).toString('base64') } };
    await writeFile(file('payload.json'), JSON.stringify(keys), { mode: 0o400 });
    const settings = {
      ...{ configDir: file('config'), configPin: org.digest, secretsDir: org.folder },
      ...{ payloadKeyFile: file('payload.json'), postgres: database.settings('api') },
      temporal: { address: `127.0.0.1:${nobody}`, namespace: 'default' },
      kratos: { publicUrl: base, adminUrl: base },
      api: { host: '127.0.0.1', port },
    };
    await writeFile(file('settings.json'), JSON.stringify(settings), { mode: 0o600 });
    const script = 'ulimit -c 0; exec "$@"';
    child = spawn('sh', ['-c', script, 'sh', process.execPath, '--import', 'tsx', 'api/main.ts'], {
      env: { PATH: process.env['PATH'], BREAKGLASS_SETTINGS: file('settings.json') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
    while (!output.includes('api is ready')) {
      if (child.exitCode !== null) throw new Error(`the api ended: ${output}`);
      await sleep(50);
    }
  });
  afterAll(async () => {
    if (child.exitCode === null) child.kill('SIGKILL');
    await database.close();
    await org.remove();
  });

  const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${base}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  const token = async (): Promise<string> => {
    const { challenge } = challengeResponse.parse(
      await (await post('/v1/challenges', { person: 'ivan' })).json(),
    );
    const signature = await org.sign('ivan', challenge, namespaces.signIn);
    return tokenResponse.parse(await (await post('/v1/tokens', { statement: challenge, signature })).json())
      .token;
  };

  it('answers whether it lives, and describes itself', async () => {
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
    expect((await fetch(`${base}/openapi.json`)).status).toBe(200);
  });

  it('writes a row for what is no envelope, with the address it came from, and lets the auditor read it', async () => {
    expect((await post('/v1/statements', { no: 'envelope' }, { 'idempotency-key': newNonce() })).status).toBe(
      400,
    );
    const reader = createLedgerReader(await database.pool('api'));
    const rows = await reader.rowsAfter(0, 10);
    expect(rows).toMatchObject([
      { action: 'break_glass_refused', actor_id: 'unknown', ip_address: '127.0.0.1' },
    ]);
    const response = await fetch(`${base}/v1/ledger`, {
      headers: { authorization: `Bearer ${await token()}` },
    });
    expect(ledgerPage.parse(await response.json())).toEqual({ rows, next: null });
  });

  it('says that decisions cannot be taken now, and takes none', async () => {
    const statement = canonicalize({
      ...{ type: 'rotate', v: 1, by: 'quinn', config: org.digest, nonce: newNonce(), account: 'acme-eu' },
      ...{ reason: 'leak', signedAt: new Date().toISOString() },
      expiresAt: new Date(Date.now() + 600_000).toISOString(),
    });
    const envelope = { statement, signature: await org.sign('quinn', statement) };
    const response = await post('/v1/statements', envelope, { 'idempotency-key': newNonce() });
    expect(problem.parse(await response.json())).toMatchObject({ status: 503, code: 'unavailable' });
  });

  it('told to stop, stops; its log holds no token, signature or statement', async () => {
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(0);
    expect(output).toContain('"path":"/v1/ledger"');
    expect(output).not.toMatch(/Bearer|SSH SIGNATURE|sign-in|leak/);
  });
});
