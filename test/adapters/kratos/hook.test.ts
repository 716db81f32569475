import { Configuration, FrontendApi, IdentityApi } from '@ory/client';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseKratosHook, type KratosHook } from '../../../adapters/kratos/index.ts';
import * as harness from './harness.ts';
import { codeOf, enrolTotp, fullLogin, newAccount, passwordLogin } from './harness.ts';

let kratos: harness.KratosUnderTest;
beforeAll(async () => {
  kratos = await harness.startKratosUnderTest();
});
afterAll(async () => {
  await kratos.stop();
});
beforeEach(() => {
  kratos.hooks.answerWith(() => ({ status: 204 }));
});

function hooksOf(id: string): KratosHook[] {
  return kratos.hooks.received
    .map(({ text }) => parseKratosHook(JSON.parse(text)))
    .filter((hook) => hook !== undefined)
    .filter((hook) => hook.identityId === id);
}

async function hookOf(id: string, method: string): Promise<KratosHook> {
  return kratos.hooks.waitFor(() => hooksOf(id).find((hook) => hook.flow.method === method));
}

/** A browserless client that may send headers of its own, as one behind a proxy has. */
function rawClient(headers: Record<string, string> = {}): FrontendApi {
  return new FrontendApi(
    new Configuration({ basePath: kratos.publicUrl, baseOptions: { proxy: false, headers } }),
  );
}

describe('the login hook', () => {
  it('rings for the password and for TOTP, and both lead to the one session', async () => {
    const account = await newAccount(kratos);
    const { seed } = await enrolTotp(kratos, account);
    await hookOf(account.id, 'password');
    const before = hooksOf(account.id).length;
    const full = await fullLogin(kratos, account, seed);
    const second = await hookOf(account.id, 'totp');
    const first = await kratos.hooks.waitFor(() => hooksOf(account.id)[before]);

    expect(first).toMatchObject({
      event: 'login',
      identityId: account.id,
      flow: { type: 'api', method: 'password', requestedAal: 'aal1', refresh: false },
      session: { aal: 'aal1', methods: [{ method: 'password', aal: 'aal1' }] },
      ip: '127.0.0.1',
      userAgent: 'breakglass',
    });
    expect(second).toMatchObject({
      flow: { type: 'api', method: 'totp', requestedAal: 'aal2', refresh: false },
      session: {
        id: full.sessionId,
        aal: 'aal2',
        methods: [
          { method: 'password', aal: 'aal1' },
          { method: 'totp', aal: 'aal2' },
        ],
      },
    });
    // At aal1 the session may not have an id yet; if it has one, it is the right one.
    expect([null, full.sessionId]).toContain(first.session?.id);
    expect(second.session?.firstMethodAt).toBe(first.session?.firstMethodAt);
    expect(second.session?.authenticatedAt).not.toBe(first.session?.authenticatedAt);
    expect(second.at).toBe(second.session?.authenticatedAt);
    expect(first.session?.firstMethodAt).toBe(full.firstMethodAt);
    const found = await kratos.admin.findSession(account.id, full.firstMethodAt);
    expect(found?.id).toBe(full.sessionId);
    expect(await kratos.admin.findSession(account.id, '2020-01-01T00:00:00Z')).toBeUndefined();
  });

  it('proves itself by its key, and carries no secret and no trait', async () => {
    const account = await newAccount(kratos);
    const { seed, sessionToken } = await enrolTotp(kratos, account);
    const { code } = { code: codeOf(seed) };
    await fullLogin(kratos, account, seed);
    await hookOf(account.id, 'totp');

    const received = kratos.hooks.received.filter(({ text }) => text.includes(account.id));
    expect(received.length).toBeGreaterThanOrEqual(3);
    for (const { method, path, headers, text } of received) {
      expect([method, path]).toEqual(['POST', '/kratos/login']);
      expect(headers['x-breakglass-hook-key']).toBe(kratos.hookKey);
      for (const secret of [account.password, seed, code, sessionToken, 'ory_st_', account.email]) {
        expect(text).not.toContain(secret);
      }
    }
  });

  it('gives the address and client of this very request at aal2, which the session record does not', async () => {
    const account = await newAccount(kratos);
    const { seed } = await enrolTotp(kratos, account);
    const { sessionToken, firstMethodAt } = await passwordLogin(kratos, account);
    const elsewhere = rawClient({ 'True-Client-Ip': '203.0.113.7', 'User-Agent': 'elsewhere/1' });
    const { data: flow } = await elsewhere.createNativeLoginFlow({
      aal: 'aal2',
      xSessionToken: sessionToken,
    });
    await elsewhere.updateLoginFlow({
      flow: flow.id,
      xSessionToken: sessionToken,
      updateLoginFlowBody: { method: 'totp', totp_code: codeOf(seed) },
    });

    expect(await hookOf(account.id, 'totp')).toMatchObject({ ip: '203.0.113.7', userAgent: 'elsewhere/1' });
    const record = await kratos.admin.findSession(account.id, firstMethodAt);
    expect(record).toMatchObject({
      aal: 'aal2',
      devices: [{ ip: '127.0.0.1', userAgent: 'breakglass' }],
    });
  });

  it('rings for a recovery code used as second factor', async () => {
    const account = await newAccount(kratos);
    const { sessionToken } = await enrolTotp(kratos, account);
    const code = await lookupSecret(sessionToken);
    const half = await passwordLogin(kratos, account);
    const client = rawClient();
    const { data: flow } = await client.createNativeLoginFlow({
      aal: 'aal2',
      xSessionToken: half.sessionToken,
    });
    await client.updateLoginFlow({
      flow: flow.id,
      xSessionToken: half.sessionToken,
      updateLoginFlowBody: { method: 'lookup_secret', lookup_secret: code },
    });

    expect(await hookOf(account.id, 'lookup_secret')).toMatchObject({
      session: { aal: 'aal2', firstMethodAt: half.firstMethodAt },
    });
  });

  it('rings for a recovery, without a session, which is then in the list', async () => {
    const account = await newAccount(kratos);
    const admin = new IdentityApi(
      new Configuration({ basePath: kratos.adminUrl, baseOptions: { proxy: false } }),
    );
    const { data: recovery } = await admin.createRecoveryCodeForIdentity({
      createRecoveryCodeForIdentityBody: { identity_id: account.id, flow_type: 'api' },
    });
    const flow = new URL(recovery.recovery_link).searchParams.get('flow') ?? '';
    // Kratos answers a recovery by sending the browser elsewhere (422).
    await rawClient().updateRecoveryFlow(
      { flow, updateRecoveryFlowBody: { method: 'code', code: recovery.recovery_code } },
      { validateStatus: (status) => status === 200 || status === 422 },
    );

    const hook = await kratos.hooks.waitFor(() => hooksOf(account.id)[0]);
    expect(hook).toMatchObject({ event: 'recovery', identityId: account.id, session: null });
    expect(kratos.hooks.received.at(-1)?.text).not.toContain(recovery.recovery_code);
    const sessions = await kratos.admin.listSessions(account.id);
    expect(sessions.map(({ methods }) => methods[0]?.method)).toEqual(['code_recovery']);
  });

  it('comes again when its receiver fails, and never fails the login', async () => {
    const account = await newAccount(kratos);
    let failures = 0;
    kratos.hooks.answerWith(({ text }) => {
      if (!text.includes(account.id) || failures > 0) return { status: 204 };
      failures += 1;
      return { status: 503 };
    });

    const session = await passwordLogin(kratos, account);

    expect(session).toMatchObject({ refused: false, aal: 'aal1' });
    const [first, second] = await kratos.hooks.waitFor(
      () => hooksOf(account.id).length === 2 && hooksOf(account.id),
    );
    expect(second).toEqual(first);
  });
});

async function lookupSecret(sessionToken: string): Promise<string> {
  const client = rawClient();
  const { data: flow } = await client.createNativeSettingsFlow({ xSessionToken: sessionToken });
  const change = async (body: Record<string, boolean>): Promise<unknown> => {
    const { data } = await client.updateSettingsFlow({
      flow: flow.id,
      xSessionToken: sessionToken,
      updateSettingsFlowBody: { method: 'lookup_secret', ...body },
    });
    return data;
  };
  const shown = JSON.stringify(await change({ lookup_secret_regenerate: true }));
  await change({ lookup_secret_confirm: true });
  const code = /"secret":"([a-z0-9]{8})"|"text":"([a-z0-9]{8})"/.exec(shown);
  return code?.[1] ?? code?.[2] ?? '';
}
