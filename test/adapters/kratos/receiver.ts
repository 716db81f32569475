import { createServer, type IncomingHttpHeaders } from 'node:http';
import { vi } from 'vitest';

/** One request that arrived. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** What the receiver answers. */
export interface Reply {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** A local HTTP server that keeps whatever it is sent. */
export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** How to answer from now on; 204 at first. */
  answerWith(reply: (request: Received) => Reply): void;
  /** Waits until something like this has arrived. */
  waitFor<T>(find: (received: readonly Received[]) => T | undefined | false): Promise<T>;
  stop(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  let answer = (_request: Received): Reply => ({ status: 204 });
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const whole = { method, path: url, headers, text: Buffer.concat(chunks).toString('utf8') };
      received.push(whole);
      const reply = answer(whole);
      response.writeHead(reply.status, reply.headers).end(reply.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a loopback listener has no port');
  return {
    url: `http://127.0.0.1:${String(address.port)}`,
    received,
    answerWith: (reply) => {
      answer = reply;
    },
    waitFor: async (find) => vi.waitUntil(() => find(received), { timeout: 20_000, interval: 20 }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
