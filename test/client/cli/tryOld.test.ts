import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { tryOld } from '../../../client/cli/tryOld.ts';
import { startFakeKratos, type FakeKratos } from './fakeKratos.ts';

const identifier = 'breakglass-eu@acme.example';
let kratos: FakeKratos;

beforeAll(async () => {
  kratos = await startFakeKratos({ identifier, password: 'new', isCode: () => true });
});
afterAll(() => kratos.stop());
beforeEach(() => {
  kratos.isActive = true;
  kratos.isDisabled = false;
});

const old = (password: string) => ({
  ...{ identifier, password, generation: 4 },
  session: { id: kratos.session, token: 'ory_st_the_one_session_token' },
});

describe('the old credential, tried after the rotation', () => {
  it('is dead when Kratos refuses password and session', async () => {
    kratos.isActive = false;
    expect(await tryOld(old('old'), kratos.url)).toEqual({
      password: { generation: 4, refused: true, status: 400 },
      session: { session: kratos.session, refused: true, status: 401 },
    });
  });

  it('is not called dead while the password opens, or the session lives', async () => {
    expect(await tryOld(old('new'), kratos.url)).toMatchObject({
      password: { refused: false, status: 200 },
      session: { refused: false, status: 200 },
    });
  });

  it('is not called dead because the identity is disabled: its password was found right first', async () => {
    kratos.isDisabled = true;
    expect(await tryOld(old('new'), kratos.url)).toMatchObject({ password: { refused: false, status: 401 } });
  });

  it('leaves out a session that there never was', async () => {
    expect(await tryOld({ ...old('old'), session: null }, kratos.url)).toMatchObject({ session: null });
  });
});
