/** Standing between a process and an HTTP server that it calls. */
import { createServer, request as ask, type IncomingMessage } from 'node:http';
import type { Server, Socket } from 'node:net';
import { freePorts } from '../../../dev/ports.ts';

/** One request that passes. */
export interface Passing {
  readonly method: string;
  readonly url: string;
  readonly body: Buffer;
}

/**
 * Called for each request before it is passed on, and again once it has taken effect and its answer is kept back. What
 * it throws costs the caller its connection; a status that it gives before is answered instead.
 */
export type Pass = (request: Passing, when: 'before' | 'after') => Promise<number | undefined>;

const bodyOf = async (message: IncomingMessage): Promise<Buffer> => {
  const pieces: Buffer[] = [];
  for await (const piece of message) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
};

/** @param target - the server's own address */
export const betweenHttp = (target: string, pass: Pass): Server => {
  const { hostname, port } = new URL(target);
  return createServer((request, response) => {
    const { method = 'GET', url = '/', headers } = request;
    const isGone = (): boolean => response.destroyed;
    const passOn = async (): Promise<void> => {
      const passing = { method, url, body: await bodyOf(request) };
      const instead = await pass(passing, 'before');
      // Its caller was killed meanwhile: what it asked for was never passed on.
      if (isGone()) return;
      if (instead !== undefined) {
        response.writeHead(instead).end();
        return;
      }
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        ask({ hostname, port, method, path: url, headers, agent: false }, resolve)
          .once('error', reject)
          .end(passing.body);
      });
      const answered = await bodyOf(answer);
      await pass(passing, 'after');
      if (!isGone()) response.writeHead(answer.statusCode ?? 502, answer.headers).end(answered);
    };
    passOn().catch(() => response.destroy());
  });
};

/** Servers that listen on ports of their own until they are stopped, their connections with them. */
export const listenAll = async (
  servers: readonly Server[],
): Promise<{ readonly ports: readonly number[]; readonly stop: () => Promise<void> }> => {
  const ports = await freePorts(servers.length);
  const sockets = new Set<Socket>();
  for (const [n, server] of servers.entries()) {
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(ports[n], '127.0.0.1', resolve);
    });
  }
  return {
    ports,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
};
