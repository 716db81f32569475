import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseCanonical, canonicalize } from '../../core/contracts/canonical.ts';
import { tokenResponse } from '../../core/contracts/http.ts';
import { namespaces, signInChallenge } from '../../core/contracts/statements.ts';
import { yamlOf, type Name } from '../support/org.ts';
import { makeHarness, origin, type Harness } from './harness.ts';

const containing = (text: string): unknown => expect.stringContaining(text);
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

describe('signing in to the api', () => {
  let api: Harness;
  beforeAll(async () => {
    api = await makeHarness();
  });
  afterAll(() => api.remove());

  const answer = async (by: Name, statement: string, namespace: string = namespaces.signIn) => {
    const response = await api.post('/v1/tokens', {
      statement,
      signature: await api.org.sign(by, statement, namespace),
    });
    return { status: response.status, body: await response.text() };
  };
  const read = (token: string, path = '/v1/config') =>
    api.request(path, { headers: { authorization: `Bearer ${token}` } });

  it('given an answered challenge, reads for fifteen minutes and no longer', async () => {
    const statement = await api.challenge('lena');
    expect(signInChallenge.parse(parseCanonical(statement))).toMatchObject({ person: 'lena', origin });
    const { status, body } = await answer('lena', statement);
    expect(status).toBe(200);
    const { token } = tokenResponse.parse(JSON.parse(body));
    expect((await read(token)).status).toBe(200);
    api.advance(15 * 60 - 1);
    expect((await read(token)).status).toBe(200);
    api.advance(1);
    expect((await read(token)).status).toBe(401);
  });

  it('given the same answer again, refuses it', async () => {
    const statement = await api.challenge('lena');
    expect((await answer('lena', statement)).status).toBe(200);
    const again = await answer('lena', statement);
    expect(again).toMatchObject({ status: 401, body: containing('answered before') });
  });

  it('given an answer after sixty seconds, refuses it', async () => {
    const statement = await api.challenge('lena');
    api.advance(60);
    expect(await answer('lena', statement)).toMatchObject({
      status: 401,
      body: containing('expired'),
    });
  });

  it('given a challenge of another origin, refuses it', async () => {
    const challenge = signInChallenge.parse(parseCanonical(await api.challenge('lena')));
    const statement = canonicalize({ ...challenge, origin: 'http://evil.example' });
    expect(await answer('lena', statement)).toMatchObject({
      status: 401,
      body: containing('evil'),
    });
  });

  it('given a challenge that was not its own, refuses it: nothing can be signed ahead', async () => {
    const challenge = signInChallenge.parse(parseCanonical(await api.challenge('lena')));
    for (const made of [{ nonce: '0'.repeat(32) }, { expiresAt: api.now().replace('.000Z', '.500Z') }]) {
      api.advance(-1);
      const { status, body } = await answer('lena', canonicalize({ ...challenge, ...made }));
      expect({ status, body }).toMatchObject({
        status: 401,
        body: matching(/not ours|lives too long/),
      });
      api.advance(1);
    }
  });

  it('given another person’s key, or a signature made to decide, refuses it', async () => {
    expect((await answer('bob', await api.challenge('lena'))).status).toBe(401);
    expect((await answer('lena', await api.challenge('lena'), namespaces.decision)).status).toBe(401);
  });

  it('gives a challenge for any name, so that asking does not tell who there is', async () => {
    expect(await api.challenge('nobody-here')).toContain('nobody-here');
    expect((await answer('lena', await api.challenge('nobody-here'))).status).toBe(401);
  });

  it.each([
    ['none', undefined],
    ['another scheme', 'Basic bGVuYTpsZW5h'],
    ['no token', 'Bearer'],
    ['one that was never given', 'Bearer e30.e30'],
  ])('given %s as a token, is refused in every room', async (_, authorization) => {
    for (const path of ['/v1/config', '/v1/accounts', '/v1/cases', '/v1/ledger', '/v1/whatever']) {
      const response = await api.request(path, {
        headers: authorization === undefined ? {} : { authorization },
      });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  it('given a token whose claims were changed, refuses it', async () => {
    const [claims = '', proof = ''] = (await api.token('lena')).split('.');
    const changed = Buffer.from(claims, 'base64url').toString().replace('lena', 'ivan');
    expect((await read(`${Buffer.from(changed).toString('base64url')}.${proof}`, '/v1/ledger')).status).toBe(
      401,
    );
    expect((await read(`${claims}.${proof}`)).status).toBe(200);
  });

  it('given a person or a key that a new config no longer has, ends their tokens', async () => {
    const tokens = {
      lena: await api.token('lena'),
      nils: await api.token('nils'),
      olga: await api.token('olga'),
    };
    const data = structuredClone(api.org.data);
    const { lena: _, ...people } = data.people;
    people.nils.sshKeys = people.olga.sshKeys;
    people.olga.sshKeys = [...data.people.olga.sshKeys, api.org.keys.lena.publicKey];
    const next = await api.org.accept(yamlOf({ ...data, people }), api.org.digest, ['bob', 'carol']);
    api.adopt([...api.org.chain, next]);
    expect((await read(tokens.lena)).status).toBe(401);
    expect((await read(tokens.nils)).status).toBe(401);
    expect((await read(tokens.olga)).status).toBe(200);
    api.adopt(api.org.chain);
  });

  it('given tokens of another api, refuses them: the key is made at each start', async () => {
    const other = await makeHarness({ org: api.org });
    expect((await read(await other.token('lena'))).status).toBe(401);
  });
});

describe('asking for too many challenges', () => {
  it('is refused for that address until its minute is over, and for no other', async () => {
    const limits = { challengesPerMinute: 2, statementsPerMinute: 2, refusalRowsPerSecond: 1 };
    const api = await makeHarness({ limits });
    const ask = async (ip: string) => {
      const body = JSON.stringify({ person: 'lena' });
      const headers = { 'content-type': 'application/json' };
      return (await api.request('/v1/challenges', { method: 'POST', headers, body }, ip)).status;
    };
    try {
      expect([await ask('192.0.2.1'), await ask('192.0.2.1'), await ask('192.0.2.1')]).toEqual([
        200, 200, 429,
      ]);
      expect(await ask('192.0.2.2')).toBe(200);
      api.advance(60);
      expect(await ask('192.0.2.1')).toBe(200);
    } finally {
      await api.remove();
    }
  });
});
