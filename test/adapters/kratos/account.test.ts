import { Configuration, FrontendApi, IdentityApi } from '@ory/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as harness from './harness.ts';
import { codeOf, enrolTotp, fullLogin, granted, newAccount, newPassword, passwordLogin } from './harness.ts';

let kratos: harness.KratosUnderTest;
beforeAll(async () => {
  kratos = await harness.startKratosUnderTest();
});
afterAll(async () => {
  await kratos.stop();
});

const nobody = '00000000-0000-4000-8000-000000000000';

function rawAdmin(): IdentityApi {
  return new IdentityApi(new Configuration({ basePath: kratos.adminUrl, baseOptions: { proxy: false } }));
}

describe('a new identity', () => {
  it('is found by its email, and has the traits, addresses and the one credential it was given', async () => {
    const { id, email } = await newAccount(kratos);

    expect(await kratos.admin.findIdentity(email)).toBe(id);
    expect(await kratos.admin.findIdentity('nobody@acme.example')).toBeUndefined();
    const shape = await kratos.admin.getIdentityShape(id);
    expect(shape).toMatchObject({
      id,
      schemaId: 'default',
      state: 'active',
      traits: { email, role: 'admin' },
      recoveryAddresses: [{ value: email, via: 'email' }],
      verifiableAddresses: [{ value: email, via: 'email', verified: false }],
    });
    expect(shape.credentials.map(({ type }) => type)).toEqual(['password']);
  });

  it('is refused where the email is taken', async () => {
    const { email } = await newAccount(kratos);
    const again = kratos.admin.createIdentity({
      schemaId: 'default',
      traits: { email, role: 'admin' },
      password: newPassword(),
    });
    await expect(again).rejects.toMatchObject({ name: 'KratosError', status: 409, id: 'conflict' });
  });

  it('is among the admins and among those made since, over more than one page', async () => {
    const since = new Date(Date.now() - 1000).toISOString();
    const members = Array.from({ length: 251 }, (_, n) => ({
      create: { schema_id: 'default', traits: { email: `member-${String(n)}@acme.example`, role: 'member' } },
    }));
    await rawAdmin().batchPatchIdentities({ patchIdentitiesBody: { identities: members } });
    const { id, email } = await newAccount(kratos);

    const admins = await kratos.admin.listAdmins();
    const made = await kratos.admin.listIdentitiesSince(since);

    expect(admins.find((admin) => admin.id === id)).toMatchObject({ email, role: 'admin', state: 'active' });
    expect(admins.every(({ role }) => role === 'admin')).toBe(true);
    expect(new Set(made.map((identity) => identity.id)).size).toBeGreaterThanOrEqual(252);
    const later = new Date(Date.now() + 3_600_000).toISOString();
    expect(await kratos.admin.listIdentitiesSince(later)).toEqual([]);
  });
});

describe('logging in', () => {
  it('refuses a wrong password and an unknown identifier alike, as values', async () => {
    const { email } = await newAccount(kratos);
    const refusal = { refused: true, status: 400, reason: 'invalid_credentials' };
    expect(await kratos.login.login({ identifier: email, password: newPassword() })).toEqual(refusal);
    expect(await kratos.login.login({ identifier: 'nobody@acme.example', password: 'x' })).toEqual(refusal);
  });

  it('with a password alone is aal1, which suffices while there is no second factor', async () => {
    const account = await newAccount(kratos);
    const session = await passwordLogin(kratos, account);

    expect(session.aal).toBe('aal1');
    expect(await kratos.login.whoami(session.sessionToken)).toEqual({
      refused: false,
      active: true,
      identityId: account.id,
      sessionId: session.sessionId,
      aal: 'aal1',
      firstMethodAt: session.firstMethodAt,
    });
  });

  it('with both factors lifts the same session to aal2; before that nothing is open', async () => {
    const account = await newAccount(kratos);
    const { seed } = await enrolTotp(kratos, account);
    const first = await passwordLogin(kratos, account);
    const { sessionToken } = first;
    const refusal = { refused: true, status: 403, reason: 'second_factor_required' };
    expect(await kratos.login.whoami(sessionToken)).toEqual(refusal);
    expect(await kratos.login.beginTotp({ sessionToken })).toEqual(refusal);
    const wrong = codeOf(seed, 3600);
    expect(await kratos.login.loginSecondFactor({ sessionToken, code: wrong })).toEqual({
      refused: true,
      status: 400,
      reason: 'invalid_code',
    });

    const second = await kratos.login.loginSecondFactor({ sessionToken, code: codeOf(seed) });

    expect(second).toEqual({ ...first, aal: 'aal2' });
    expect(await kratos.login.whoami(sessionToken)).toMatchObject({ refused: false, aal: 'aal2' });
    const record = await kratos.admin.findSession(account.id, first.firstMethodAt);
    expect(record).toMatchObject({ id: first.sessionId, active: true, aal: 'aal2' });
    expect(record?.methods.map(({ method, aal }) => [method, aal])).toEqual([
      ['password', 'aal1'],
      ['totp', 'aal2'],
    ]);
    expect(record?.devices).toEqual([{ ip: '127.0.0.1', userAgent: 'breakglass' }]);
  });

  it('is refused for an inactive identity even with the right password, under a name of its own', async () => {
    const account = await newAccount(kratos);
    await rawAdmin().patchIdentity({
      id: account.id,
      jsonPatch: [{ op: 'replace', path: '/state', value: 'inactive' }],
    });
    const { email: identifier, password } = account;
    expect(await kratos.login.tryPassword({ identifier, password })).toEqual({
      refused: true,
      status: 401,
      reason: 'identity_disabled',
    });
  });

  it('to try a password leaves no session behind that works', async () => {
    const account = await newAccount(kratos);
    const { email: identifier, password } = account;
    const { sessionId } = granted(await kratos.login.tryPassword({ identifier, password }));
    expect(await kratos.admin.listSessions(account.id)).toMatchObject([{ id: sessionId, active: false }]);
    expect(await kratos.login.logout('ory_st_of_nobody')).toBe(false);
  });
});

describe('TOTP', () => {
  it('is not enrolled by a wrong code, and is not begun twice', async () => {
    const account = await newAccount(kratos);
    const { sessionToken } = await passwordLogin(kratos, account);
    const { flowId, seed } = granted(await kratos.login.beginTotp({ sessionToken }));
    const wrong = codeOf(seed, 3600);
    expect(await kratos.login.confirmTotp({ sessionToken, flowId, code: wrong })).toEqual({
      refused: true,
      status: 400,
      reason: 'invalid_code',
    });
    expect(await kratos.admin.totpCreatedAt(account.id)).toBeUndefined();

    granted(await kratos.login.confirmTotp({ sessionToken, flowId, code: codeOf(seed) }));

    expect(await kratos.admin.totpCreatedAt(account.id)).toBeDefined();
    expect(await kratos.login.whoami(sessionToken)).toMatchObject({ refused: false, aal: 'aal2' });
    await expect(kratos.login.beginTotp({ sessionToken })).rejects.toMatchObject({
      name: 'KratosError',
      id: 'totp_already_enrolled',
      retryable: false,
    });
  });

  it('codes of Kratos can be used again, and hold one step early and late but not four', async () => {
    const account = await newAccount(kratos);
    const { seed } = await enrolTotp(kratos, account);
    const second = async (code: string): Promise<boolean> => {
      const { sessionToken } = await passwordLogin(kratos, account);
      return (await kratos.login.loginSecondFactor({ sessionToken, code })).refused;
    };
    const code = codeOf(seed);
    expect([await second(code), await second(code)]).toEqual([false, false]);
    expect(await second(codeOf(seed, -120))).toBe(true);
    expect(await second(codeOf(seed, 120))).toBe(true);
  });

  it('deleted and enrolled again: the old seed is refused and the credential is a new one', async () => {
    const account = await newAccount(kratos);
    const old = await enrolTotp(kratos, account);
    const oldCreatedAt = await kratos.admin.totpCreatedAt(account.id);

    expect(await kratos.admin.deleteTotp(account.id)).toBe(true);
    expect(await kratos.admin.deleteTotp(account.id)).toBe(false);
    expect(await kratos.admin.totpCreatedAt(account.id)).toBeUndefined();
    const { sessionToken } = await passwordLogin(kratos, account);
    expect(await kratos.login.whoami(sessionToken)).toMatchObject({ refused: false, aal: 'aal1' });
    expect(await kratos.login.loginSecondFactor({ sessionToken, code: codeOf(old.seed) })).toMatchObject({
      refused: true,
      reason: 'no_totp',
    });

    const { seed } = await enrolTotp(kratos, account);
    expect(await kratos.admin.totpCreatedAt(account.id)).not.toBe(oldCreatedAt);
    const again = await passwordLogin(kratos, account);
    const withOld = { sessionToken: again.sessionToken, code: codeOf(old.seed) };
    expect(await kratos.login.loginSecondFactor(withOld)).toMatchObject({ reason: 'invalid_code' });
    expect(await fullLogin(kratos, account, seed)).toMatchObject({ aal: 'aal2' });
  });

  it('of an unknown identity is an error, and not "there was none"', async () => {
    await expect(kratos.admin.deleteTotp(nobody)).rejects.toMatchObject({ status: 404, id: 'not_found' });
  });
});

describe('a new password', () => {
  it('ends the old one and keeps traits, metadata and TOTP', async () => {
    const account = await newAccount(kratos);
    const { seed } = await enrolTotp(kratos, account);
    await rawAdmin().patchIdentity({
      id: account.id,
      jsonPatch: [
        { op: 'add', path: '/metadata_admin', value: { owner: 'platform' } },
        { op: 'add', path: '/metadata_public', value: { kind: 'break-glass' } },
      ],
    });
    const before = await kratos.admin.getIdentityShape(account.id);
    const digest = await kratos.admin.passwordHashDigest(account.id);
    const password = newPassword();

    await kratos.admin.setPassword(account.id, password);

    const after = await kratos.admin.getIdentityShape(account.id);
    const kept = ({ traits, metadataAdmin, metadataPublic, state, schemaId }: typeof after): unknown => ({
      traits,
      metadataAdmin,
      metadataPublic,
      state,
      schemaId,
    });
    expect(kept(after)).toEqual(kept(before));
    expect(after.metadataAdmin).toEqual({ owner: 'platform' });
    expect(after.credentials.map(({ type }) => type)).toEqual(['password', 'totp']);
    const totpOf = (shape: typeof after): string | undefined =>
      shape.credentials.find(({ type }) => type === 'totp')?.createdAt;
    expect(totpOf(after)).toBe(totpOf(before));
    expect(await kratos.admin.passwordHashDigest(account.id)).not.toBe(digest);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    const { email: identifier } = account;
    expect(await kratos.login.tryPassword({ identifier, password: account.password })).toEqual({
      refused: true,
      status: 400,
      reason: 'invalid_credentials',
    });
    expect(await fullLogin(kratos, { ...account, password }, seed)).toMatchObject({ aal: 'aal2' });
  });
});

describe('ending sessions', () => {
  it('refuses their tokens and keeps their records', async () => {
    const account = await newAccount(kratos);
    const { seed, sessionToken: enrolling } = await enrolTotp(kratos, account);
    const full = await fullLogin(kratos, account, seed);
    const half = await passwordLogin(kratos, account);
    const before = await kratos.admin.listSessions(account.id);
    expect(before.map(({ active }) => active)).toEqual([true, true, true]);

    const ended = await kratos.admin.endSessions(account.id);

    expect(ended.toSorted()).toEqual(before.map(({ id }) => id).toSorted());
    const refusal = { refused: true, status: 401, reason: 'no_session' };
    for (const token of [enrolling, full.sessionToken, half.sessionToken]) {
      expect(await kratos.login.whoami(token)).toEqual(refusal);
    }
    const { sessionToken } = half;
    expect(await kratos.login.loginSecondFactor({ sessionToken, code: codeOf(seed) })).toEqual(refusal);
    expect(await kratos.login.beginTotp({ sessionToken })).toEqual(refusal);
    const after = await kratos.admin.listSessions(account.id);
    expect(after).toEqual(before.map((session) => ({ ...session, active: false })));
    expect(await kratos.admin.listSessions(account.id, { active: true })).toEqual([]);
    expect(await kratos.admin.listSessions(account.id, { active: false })).toHaveLength(3);
    expect(await kratos.admin.endSessions(account.id)).toEqual([]);
  });

  it('ends one and leaves the others', async () => {
    const account = await newAccount(kratos);
    const one = await passwordLogin(kratos, account);
    const other = await passwordLogin(kratos, account);
    expect(await kratos.admin.endSession(one.sessionId)).toBe(true);
    expect(await kratos.admin.endSession(one.sessionId)).toBe(true);
    expect(await kratos.admin.endSession(nobody)).toBe(false);
    expect(await kratos.login.whoami(one.sessionToken)).toMatchObject({ refused: true, status: 401 });
    expect(await kratos.login.whoami(other.sessionToken)).toMatchObject({ refused: false });
  });

  it('finds and ends more of them than one page holds', async () => {
    const account = await newAccount(kratos);
    const { sessionId } = await passwordLogin(kratos, account);
    await kratos.query(
      `insert into sessions select (s.copy).* from generate_series(1, 260) n, lateral (
         select jsonb_populate_record(x, jsonb_build_object('id', gen_random_uuid(),
           'token', 'copy-' || n, 'logout_token', 'copy-' || n)) as copy
         from sessions x where x.id = $1) s`,
      [sessionId],
    );
    expect(await kratos.admin.listSessions(account.id)).toHaveLength(261);
    expect(await kratos.admin.endSessions(account.id)).toHaveLength(261);
    expect(await kratos.admin.listSessions(account.id, { active: true })).toEqual([]);
  });
});

describe('restoring the provisioned shape', () => {
  it('undoes what a session changed: traits, state, recovery codes and sign-in links', async () => {
    const account = await newAccount(kratos);
    const { sessionToken } = await enrolTotp(kratos, account);
    const { traits } = await kratos.admin.getIdentityShape(account.id);
    await regenerateLookupSecrets(sessionToken);
    await rawAdmin().updateIdentity({
      id: account.id,
      updateIdentityBody: {
        schema_id: 'default',
        state: 'inactive',
        traits: { email: `mine-${account.email}`, role: 'admin' },
        credentials: { oidc: { config: { providers: [{ provider: 'evil', subject: 'me' }] } } },
      },
    });

    const restored = await kratos.admin.restoreShape(account.id, { traits });

    expect([...restored.removed].sort()).toEqual(['lookup_secret', 'oidc']);
    expect(restored.leftover).toEqual([]);
    expect(restored.missing).toEqual([]);
    expect(restored.shape).toMatchObject({
      state: 'active',
      traits,
      recoveryAddresses: [{ value: account.email, via: 'email' }],
    });
    const usable = restored.shape.credentials.filter(({ identifiers }) => identifiers.length > 0);
    expect(usable.map(({ type }) => type)).toEqual(['password', 'totp']);
    expect(await kratos.admin.restoreShape(account.id, { traits })).toMatchObject({
      removed: [],
      leftover: [],
      missing: [],
    });
    expect(await passwordLogin(kratos, account)).toMatchObject({ aal: 'aal1' });
  });

  it('names what the admin api cannot remove, and what is missing', async () => {
    const account = await newAccount(kratos);
    const { traits } = await kratos.admin.getIdentityShape(account.id);
    await kratos.query(
      `insert into identity_credentials (id, nid, config, identity_credential_type_id, identity_id, created_at, updated_at)
       select gen_random_uuid(), i.nid, '{"credentials":[{}]}', t.id, i.id, now(), now()
       from identities i, identity_credential_types t where i.id = $1 and t.name = 'passkey'`,
      [account.id],
    );

    const restored = await kratos.admin.restoreShape(account.id, { traits });

    expect(restored.removed).toEqual([]);
    expect(restored.leftover.map(({ type }) => type)).toEqual(['passkey']);
    expect(restored.leftover[0]?.reason).toContain('passkey');
    expect(restored.missing).toEqual(['totp']);
  });

  it('cannot take the password away', async () => {
    const { id } = await newAccount(kratos);
    await expect(kratos.admin.deleteCredential(id, 'password')).rejects.toMatchObject({ status: 400 });
  });
});

async function regenerateLookupSecrets(sessionToken: string): Promise<void> {
  const api = new FrontendApi(
    new Configuration({ basePath: kratos.publicUrl, baseOptions: { proxy: false } }),
  );
  const { data: flow } = await api.createNativeSettingsFlow({ xSessionToken: sessionToken });
  for (const change of [{ lookup_secret_regenerate: true }, { lookup_secret_confirm: true }]) {
    await api.updateSettingsFlow({
      flow: flow.id,
      xSessionToken: sessionToken,
      updateSettingsFlowBody: { method: 'lookup_secret', ...change },
    });
  }
}
