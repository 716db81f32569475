import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Passes Kratos's hooks on to whichever arm's turn it is, so that both arms get the same hooks the same way. */
export interface Tee {
  readonly url: string;
  /** Where the next hooks go. */
  target: string;
  stop(): void;
}

const read = async (request: IncomingMessage): Promise<Buffer> => {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
};

export const startTee = async (): Promise<Tee> => {
  const server = createServer((request, response) => {
    const pass = async (): Promise<number> => {
      const body = new Uint8Array(await read(request));
      const headers = {
        'content-type': 'application/json',
        'x-breakglass-hook-key': String(request.headers['x-breakglass-hook-key']),
      };
      return (await fetch(tee.target, { method: 'POST', headers, body })).status;
    };
    pass().then(
      (status) => response.writeHead(status).end(),
      () => response.writeHead(502).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const tee: Tee = {
    url: `http://127.0.0.1:${port}/hooks/kratos`,
    target: '',
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return tee;
};
