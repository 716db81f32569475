import { createServer } from 'node:http';
import { inspect } from 'node:util';
import { Configuration, FrontendApi } from '@ory/client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createKratosAdmin, createKratosLogin, KratosError } from '../../../adapters/kratos/index.ts';
import { freePorts } from '../../../dev/ports.ts';
import { startReceiver, type Received, type Receiver, type Reply } from './receiver.ts';

const password = 'correct-horse-battery-staple-30+';
const sessionToken = 'ory_st_TheTokenThatMustNotBeSeen';
const code = '739154';
const secrets = [password, sessionToken, code];
const id = '5f0c0e7e-6f43-4a0e-9a54-0d0f4c1d6a01';
const identifier = 'breakglass-eu@acme.example';
const traits = { email: identifier, role: 'admin' };

type CallAt = (url: string) => Promise<unknown>;
const admin = (adminUrl: string): ReturnType<typeof createKratosAdmin> =>
  createKratosAdmin({ adminUrl, timeoutMs: 1_000 });
const login = (publicUrl: string): ReturnType<typeof createKratosLogin> =>
  createKratosLogin({ publicUrl, timeoutMs: 1_000 });

/** Every function that sends a secret. */
const withSecret: Record<string, CallAt> = {
  createIdentity: (url) => admin(url).createIdentity({ schemaId: 'default', traits, password }),
  setPassword: (url) => admin(url).setPassword(id, password),
  login: (url) => login(url).login({ identifier, password }),
  tryPassword: (url) => login(url).tryPassword({ identifier, password }),
  loginSecondFactor: (url) => login(url).loginSecondFactor({ sessionToken, code }),
  whoami: (url) => login(url).whoami(sessionToken),
  logout: (url) => login(url).logout(sessionToken),
  beginTotp: (url) => login(url).beginTotp({ sessionToken }),
  confirmTotp: (url) => login(url).confirmTotp({ sessionToken, flowId: id, code }),
};

const withoutSecret: Record<string, CallAt> = {
  findIdentity: (url) => admin(url).findIdentity(identifier),
  getIdentityShape: (url) => admin(url).getIdentityShape(id),
  passwordHashDigest: (url) => admin(url).passwordHashDigest(id),
  totpCreatedAt: (url) => admin(url).totpCreatedAt(id),
  deleteTotp: (url) => admin(url).deleteTotp(id),
  restoreShape: (url) => admin(url).restoreShape(id, { traits }),
  listSessions: (url) => admin(url).listSessions(id),
  findSession: (url) => admin(url).findSession(id, '2026-11-21T08:00:00Z'),
  endSession: (url) => admin(url).endSession(id),
  endSessions: (url) => admin(url).endSessions(id),
  listAdmins: (url) => admin(url).listAdmins(),
  listIdentitiesSince: (url) => admin(url).listIdentitiesSince('2026-11-21T08:00:00Z'),
};

const all = Object.entries({ ...withSecret, ...withoutSecret });

let server: Receiver;
beforeEach(async () => {
  server = await startReceiver();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.stop();
});

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    (value) => {
      throw new Error(`expected a failure, got ${inspect(value)}`);
    },
    (error: unknown) => error,
  );
}

/** The secrets that can be found anywhere in a value, hidden properties, causes and stacks included. */
function leaksOf(error: unknown): string[] {
  const seen = [
    inspect(error, { depth: Infinity, showHidden: true, maxStringLength: Infinity }),
    JSON.stringify(error),
    String(error),
    error instanceof Error ? `${error.stack ?? ''} ${inspect(error.cause, { depth: Infinity })}` : '',
  ].join('\n');
  return secrets.filter((secret) => seen.includes(secret));
}

function carriesSecret({ text, headers }: Received): boolean {
  const sent = text + JSON.stringify(headers);
  return secrets.some((secret) => sent.includes(secret));
}

const json = (status: number, body: unknown): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

/** Serves as an identity and as a flow, for the steps before the one with the secret. */
const harmless = json(200, {
  id,
  schema_id: 'default',
  state: 'active',
  traits,
  ui: { nodes: [] },
  created_at: '2026-11-21T08:00:00Z',
  updated_at: '2026-11-21T08:00:00Z',
});

describe('an error of the adapter', () => {
  it.each(all)('%s: names its operation and may be retried when nobody answers', async (_name, call) => {
    const [port = 0] = await freePorts(1);
    const error = await failureOf(call(`http://127.0.0.1:${String(port)}`));
    expect(error).toBeInstanceOf(KratosError);
    expect(error).toMatchObject({ id: 'ECONNREFUSED', status: undefined, retryable: true });
    expect(leaksOf(error)).toEqual([]);
  });

  it.each(all)('%s: says so when what answers is not Kratos', async (_name, call) => {
    server.answerWith(() => ({ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' }));
    // Ending, deleting and logging out read no answer: a 200 is theirs.
    const outcome = await call(server.url).catch((error: unknown) => error);
    if (outcome instanceof Error) {
      expect(outcome).toBeInstanceOf(KratosError);
      expect(outcome).toMatchObject({ id: 'unexpected_answer', retryable: false });
      expect(leaksOf(outcome)).toEqual([]);
    } else {
      expect([true, { refused: false }]).toContainEqual(outcome);
    }
  });

  const echoes: Record<string, (request: Received) => Reply> = {
    'an error of 422 that repeats the request': ({ text, headers }) =>
      json(422, { error: { code: 422, reason: text + JSON.stringify(headers), message: text, debug: text } }),
    'an error of 500 that repeats the request': ({ text, headers }) =>
      json(500, { error: { code: 500, reason: text + JSON.stringify(headers), message: text } }),
    'a flow that repeats the request': ({ text, headers }) =>
      json(400, { id, ui: { messages: [{ id: 4000001, text: text + JSON.stringify(headers) }], nodes: [] } }),
    'a success that repeats the request': ({ text }) => json(200, { session_token: text, session: text }),
  };
  const cases = Object.entries(withSecret).flatMap(([name, call]) =>
    Object.entries(echoes).map(([answer, reply]) => ({ name, call, answer, reply })),
  );

  it.each(cases)('$name: holds no secret after $answer', async ({ call, reply }) => {
    server.answerWith((request) => (carriesSecret(request) ? reply(request) : harmless));
    const outcome = await call(server.url).catch((error: unknown) => error);
    expect(server.received.some(carriesSecret)).toBe(true);
    expect(leaksOf(outcome)).toEqual([]);
    if (outcome instanceof Error) expect(outcome).toBeInstanceOf(KratosError);
  });

  it('is retryable for 429 and 5xx and for nothing else that was answered', async () => {
    const retryable: Record<number, boolean> = {};
    for (const status of [400, 404, 409, 422, 429, 500, 503]) {
      server.answerWith(() => json(status, { error: { code: status, message: 'no' } }));
      const error = await failureOf(admin(server.url).getIdentityShape(id));
      retryable[status] = error instanceof KratosError && error.retryable;
    }
    expect(retryable).toEqual({
      400: false,
      404: false,
      409: false,
      422: false,
      429: true,
      500: true,
      503: true,
    });
  });

  it('comes when a server takes the request and never answers', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const port = address === null || typeof address === 'string' ? 0 : address.port;
    try {
      const patient = createKratosLogin({ publicUrl: `http://127.0.0.1:${String(port)}`, timeoutMs: 100 });
      const error = await failureOf(patient.whoami(sessionToken));
      expect(error).toMatchObject({ name: 'KratosError', status: undefined, retryable: true });
      expect(leaksOf(error)).toEqual([]);
    } finally {
      silent.closeAllConnections();
      silent.close();
    }
  });

  it('is what this search would catch: the bare client leaks the password', async () => {
    const [port = 0] = await freePorts(1);
    const bare = new FrontendApi(new Configuration({ basePath: `http://127.0.0.1:${String(port)}` }));
    const body = { method: 'password', identifier, password } as const;
    const error = await failureOf(bare.updateLoginFlow({ flow: id, updateLoginFlowBody: body }));
    expect(leaksOf(error)).toContain(password);
  });
});

describe('a secret goes to Kratos and nowhere else', () => {
  it.each(Object.entries(withSecret))('%s: follows no redirect', async (_name, call) => {
    const elsewhere = await startReceiver();
    try {
      server.answerWith((request) =>
        carriesSecret(request) ? { status: 307, headers: { location: elsewhere.url } } : harmless,
      );
      expect(await failureOf(call(server.url))).toMatchObject({ name: 'KratosError', status: 307 });
      expect(elsewhere.received).toEqual([]);
    } finally {
      await elsewhere.stop();
    }
  });

  it.each(Object.entries(withSecret))('%s: uses no proxy from the environment', async (_name, call) => {
    vi.stubEnv('http_proxy', server.url);
    vi.stubEnv('HTTP_PROXY', server.url);
    const [port = 0] = await freePorts(1);
    await failureOf(call(`http://127.0.0.1:${String(port)}`));
    expect(server.received).toEqual([]);
  });
});
