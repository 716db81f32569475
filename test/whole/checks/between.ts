/** A hostile server in the api's place: at the very address that people's profiles and the config name. */
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { join } from 'node:path';
import { settings as settingsSchema } from '../../../core/contracts/settings.ts';
import { freePorts } from '../../../dev/ports.ts';
import type { Stack } from '../../../dev/stack/index.ts';

/** Changes what passes through, at once or later; gives undefined to leave it as it is. */
export interface Meddling {
  /** What a person's machine sends. */
  readonly sent?: (path: string, body: unknown) => unknown;
  /** What it is answered. */
  readonly answered?: (path: string, body: unknown) => unknown;
}

export interface Between {
  /** What the server does from now on; null to pass everything on. */
  meddle(how: Meddling | null): void;
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
};

const passedOn = ['accept', 'authorization', 'content-type', 'idempotency-key', 'user-agent'];

const changed = async (by: Meddling['sent'], path: string, text: string): Promise<string> => {
  if (by === undefined || text === '') return text;
  const instead = await by(path, JSON.parse(text));
  return instead === undefined ? text : JSON.stringify(instead);
};

const listen = (port: number, api: string, meddling: () => Meddling | null): Promise<Server> => {
  const pass = async (request: IncomingMessage) => {
    const { method = 'GET', url = '/' } = request;
    const body = await changed(meddling()?.sent, url, await bodyOf(request));
    const headers = Object.entries(request.headers).flatMap(([name, value]) =>
      passedOn.includes(name) && typeof value === 'string' ? [[name, value] as [string, string]] : [],
    );
    const answer = await fetch(`${api}${url}`, { method, headers, ...(body === '' ? {} : { body }) });
    const text = await answer.text();
    return { status: answer.status, text: answer.ok ? await changed(meddling()?.answered, url, text) : text };
  };
  const server = createServer((request, response) => {
    pass(request).then(
      ({ status, text }) => response.writeHead(status, { 'content-type': 'application/json' }).end(text),
      () => response.writeHead(502).end(),
    );
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', () => resolve(server));
  });
};

/** Moves the api to another port, and starts it there. It is ready when its old address answers. */
const moveApi = async (stack: Stack, port: number): Promise<void> => {
  const file = join(stack.stateFolder, 'settings', 'api.json');
  const settings = settingsSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  await writeFile(file, JSON.stringify({ ...settings, api: { host: '127.0.0.1', port } }), { mode: 0o600 });
  await stack.restart('api');
};

/**
 * Puts a server between everybody and the api while `work` runs. Sign-in is
 * bound to the api's address, so a server elsewhere would get no signature: the
 * liar has to sit at the api's own.
 */
export const withServerBetween = async <T>(
  stack: Stack,
  work: (between: Between) => Promise<T>,
): Promise<T> => {
  let meddling: Meddling | null = null;
  const [port] = await freePorts(1);
  if (port === undefined) throw new Error('no free port for the api');
  await stack.running.get('api')?.stop();
  const server = await listen(stack.ports.api, `http://127.0.0.1:${port}`, () => meddling);
  try {
    await moveApi(stack, port);
    return await work({ meddle: (how) => (meddling = how) });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await moveApi(stack, stack.ports.api);
  }
};
