import { reasonOf } from '../core/contracts/failures.ts';
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Unable } from '../core/contracts/health.ts';
import type { Log } from '../adapters/settings/log.ts';
import { parseKratosHook } from '../adapters/kratos/index.ts';
import { within } from './confirm.ts';
import type { Identities, Whose } from './identities.ts';
import type { Suspicion } from './suspicion.ts';
import type { Watch } from './watch.ts';

/** Longer than any hook: its template names every field. */
const BODY_MOST = 64 * 1024;
/** How long an answer waits to learn whose identity a hook names. Milliseconds. */
const WHOSE_WITHIN = 2_000;

interface Answer {
  readonly status: number;
  readonly body: object;
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();

/** `X-Breakglass-Hook-Key: KEY`, `Authorization: KEY` or `Authorization: Bearer KEY`. */
const keyOf = ({ headers }: IncomingMessage): string => {
  const own = headers['x-breakglass-hook-key'];
  if (typeof own === 'string') return own;
  return (headers.authorization ?? '').replace(/^Bearer /, '');
};

/** The body, or undefined when it is longer than a hook may be. */
const readBody = async (request: IncomingMessage): Promise<string | undefined> => {
  if (Number(request.headers['content-length'] ?? 0) > BODY_MOST) return undefined;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > BODY_MOST) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const refused = (status: number, why: string): Answer => ({ status, body: { accepted: false, why } });
const accepted: Answer = { status: 202, body: { accepted: true } };

export type Door = (request: IncomingMessage, response: ServerResponse) => void;

/** The sentinel's door: Kratos's hooks come in, and its health is asked. */
export const createDoor = (deps: {
  readonly hookKey: string;
  readonly cannot: () => Promise<Unable>;
  readonly watch: Watch;
  readonly identities: Identities;
  readonly suspect: (kind: Suspicion, from: string) => void;
  readonly now: () => Date;
  readonly log: Log;
  readonly signal: AbortSignal;
}): Door => {
  const { watch, identities, suspect, now, log, signal } = deps;
  const expected = sha256(deps.hookKey);

  const whoseWithin = (identity: string): Promise<Whose | null> =>
    // Kratos not answering is no reason to refuse: the report is spooled and the question asked again.
    within(
      identities.find(identity).catch(() => null),
      WHOSE_WITHIN,
      signal,
    );

  const takeHook = async (request: IncomingMessage, receivedAt: string): Promise<Answer> => {
    const from = request.socket.remoteAddress ?? 'an unknown address';
    if (!timingSafeEqual(sha256(keyOf(request)), expected)) {
      suspect('wrong-key', from);
      return refused(401, 'wrong hook key');
    }
    const text = await readBody(request);
    if (text === undefined) {
      suspect('too-large', from);
      return refused(413, `a hook has at most ${BODY_MOST} bytes`);
    }
    const hook = parseKratosHook(parseJson(text));
    if (hook === undefined) {
      suspect('unreadable', from);
      return refused(400, 'not a login hook');
    }
    await watch.take({ receivedAt, hook, source: 'kratos-hook' });
    if (identities.accountOf(hook.identityId) !== undefined) return accepted;
    const whose = await whoseWithin(hook.identityId);
    if (whose?.account !== null) return accepted;
    if (!whose.isKnownToKratos) suspect('no-such-identity', from);
    return refused(400, 'this identity is no break-glass account');
  };

  const health = async (): Promise<Answer> => {
    const pending = watch.pending();
    const cannot = await deps.cannot();
    return {
      status: cannot.length === 0 ? 200 : 503,
      body: { cannot, pending: pending.length, oldest: pending[0]?.at ?? null },
    };
  };

  const answer = async (request: IncomingMessage): Promise<Answer> => {
    switch (`${request.method ?? ''} ${request.url ?? ''}`) {
      case 'POST /hooks/kratos':
        return takeHook(request, now().toISOString());
      case 'GET /healthz':
        return health();
      default:
        return refused(404, 'no such address');
    }
  };

  return (request, response) => {
    answer(request).then(
      (it) => send(request, response, it),
      (error: unknown) => {
        log.error({ reason: reasonOf(error) }, 'a post was not taken');
        send(request, response, refused(503, 'not written to disk; send it again'));
      },
    );
  };
};

/**
 * Listens at once; whoever comes before the door is there waits for it. The port is also what keeps a second
 * sentinel from the same spool.
 */
export const listen = async (host: string, port: number, door: Promise<Door>): Promise<Server> => {
  const server = createServer((request, response) => {
    door.then(
      (open) => open(request, response),
      () => response.destroy(),
    );
  });
  server.headersTimeout = 5_000;
  server.requestTimeout = 10_000;
  server.maxConnections = 500;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
  return server;
};

const send = (request: IncomingMessage, response: ServerResponse, { status, body }: Answer): void => {
  // What was not read of a refused body must not be taken for the next request.
  const rest = request.complete ? {} : { connection: 'close' };
  response.writeHead(status, { 'content-type': 'application/json', ...rest });
  response.end(JSON.stringify(body), () => {
    if (!request.complete) request.destroy();
  });
};
