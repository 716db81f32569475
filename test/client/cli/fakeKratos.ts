/** Kratos's public api, as far as a native login goes: no more than the command line's own arguments need. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

export interface FakeKratos {
  readonly url: string;
  readonly session: string;
  /** What opens it; change it to rotate. */
  credential: { identifier: string; password: string; isCode: (code: string) => boolean };
  /** Whether the session lives. */
  isActive: boolean;
  /** Whether the identity's state is inactive. */
  isDisabled: boolean;
  stop(): Promise<void>;
}

const session = '0c2f8f0a-5d5c-4f57-9a39-5d1f6f0c7b11';
const token = 'ory_st_the_one_session_token';
const flow = { id: '7d0dcb5e-5ac8-4c3b-8d5c-2f6d1d0a9a01' };
const at = '2026-11-21T10:00:00.123456789Z';

const sessionAt = (aal: string) => ({
  ...{ id: session, active: true, authenticator_assurance_level: aal, authenticated_at: at },
  ...{ issued_at: at, expires_at: '2026-11-22T10:00:00Z', devices: [] },
  authentication_methods: [{ method: 'password', aal: 'aal1', completed_at: at }],
});
const refusal = (id: number) => ({ ...flow, ui: { messages: [{ id, text: 'refused' }], nodes: [] } });
const tried = z.object({
  method: z.string(),
  identifier: z.string().optional(),
  password: z.string().optional(),
  totp_code: z.string().optional(),
});

export async function startFakeKratos(credential: FakeKratos['credential']): Promise<FakeKratos> {
  const answer = async (request: IncomingMessage): Promise<[number, unknown]> => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const known = request.headers['x-session-token'] === token && kratos.isActive;
    if (pathname === '/sessions/whoami')
      return known
        ? [200, { ...sessionAt('aal2'), identity: { id: flow.id } }]
        : [401, { error: { id: 'session_inactive' } }];
    if (pathname === '/self-service/login/api') return [200, flow];
    if (pathname === '/self-service/logout/api') return [204, {}];
    if (pathname !== '/self-service/login') return [404, {}];
    const {
      method,
      identifier,
      password,
      totp_code: code = '',
    } = tried.parse(JSON.parse(await text(request)));
    const { credential: now } = kratos;
    if (method === 'totp')
      return known && now.isCode(code)
        ? [200, { session_token: token, session: sessionAt('aal2') }]
        : [400, refusal(4000008)];
    if (kratos.isDisabled) return [401, { error: { id: 'session_verification_required' } }];
    return identifier === now.identifier && password === now.password
      ? [200, { session_token: token, session: sessionAt('aal1') }]
      : [400, refusal(4000006)];
  };
  const server = createServer((request, response) => {
    void answer(request).then(([status, body]) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const kratos: FakeKratos = {
    url: `http://127.0.0.1:${port}`,
    session,
    credential,
    isActive: true,
    isDisabled: false,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
  return kratos;
}
