/** Stands between the worker alone and Kratos and our Postgres: everybody else reaches them straight. */
import { readFile, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, request as ask, type IncomingMessage } from 'node:http';
import { createServer as createTcpServer, connect, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { settings as settingsSchema } from '../../../core/contracts/settings.ts';
import { freePorts } from '../../../dev/ports.ts';
import type { Stack } from '../../../dev/stack/index.ts';
import { createGate, type Gate } from './gate.ts';

const bodyOf = async (message: IncomingMessage): Promise<Buffer> => {
  const pieces: Buffer[] = [];
  for await (const piece of message) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
};

const patterns: readonly (readonly [RegExp, string])[] = [
  [/^PUT \/admin\/identities\//, 'put identity'],
  [/^POST \/admin\/identities$/, 'create identity'],
  [/^DELETE \/admin\/identities\/[^/]+\/credentials\/totp/, 'delete totp'],
  [/^DELETE \/admin\/sessions\//, 'end session'],
  [/^POST \/self-service\/login.*"method":"password"/s, 'log in'],
  [/^POST \/self-service\/login.*"method":"totp"/s, 'second factor'],
  [/^POST \/self-service\/settings/, 'confirm totp'],
];

/** What a request to Kratos does, in a word; reading is not told apart. */
const nameOf = (method: string, url: string, body: Buffer): string => {
  const whole = `${method} ${url} ${body.toString('utf8')}`;
  return patterns.find(([pattern]) => pattern.test(whole))?.[1] ?? 'read';
};

const betweenKratos = (target: string, gate: Gate): Server => {
  const { hostname, port } = new URL(target);
  return createHttpServer((request, response) => {
    const { method = 'GET', url = '/', headers } = request;
    const isGone = (): boolean => response.destroyed;
    const pass = async (): Promise<void> => {
      const body = await bodyOf(request);
      const call = nameOf(method, url, body);
      await gate.pass(call, 'before');
      // Its caller was killed meanwhile: what it asked for was never passed on.
      if (isGone()) return;
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        ask({ hostname, port, method, path: url, headers, agent: false }, resolve)
          .once('error', reject)
          .end(body);
      });
      const answered = await bodyOf(answer);
      await gate.pass(call, 'after');
      if (!isGone()) response.writeHead(answer.statusCode ?? 502, answer.headers).end(answered);
    };
    pass().catch(() => response.destroy());
  });
};

/** What is on its way to Postgres on one connection: a row of a rotation's step, a seal, or nothing of interest. */
const createReader = () => {
  let step: string | null = null;
  return (sent: string): { readonly call: string; readonly done: string } | null => {
    if (sent.includes('BEGIN ISOLATION')) step = null;
    step = /"step":"([a-z-]+)"/.exec(sent)?.[1] ?? step;
    if (sent.includes('INSERT INTO seals')) return { call: 'seal', done: 'INSERT 0 1' };
    if (step === null || !sent.includes('COMMIT\0')) return null;
    return { call: `row ${step}`, done: 'COMMIT\0' };
  };
};

const betweenPostgres = (target: { host: string; port: number }, gate: Gate): Server =>
  createTcpServer((client) => {
    const upstream = connect(target);
    const read = createReader();
    let awaited: { readonly call: string; readonly done: string } | null = null;
    const each = (from: Socket, to: Socket, before: (sent: string) => Promise<void>): void => {
      from.on('data', (chunk: Buffer) => {
        from.pause();
        void before(chunk.toString('latin1')).then(() => {
          if (to.writable) to.write(chunk);
          from.resume();
        });
      });
      // When the worker is killed its transaction must end too: it holds the ledger's lock.
      from.on('error', () => to.destroy()).on('close', () => to.destroy());
    };
    each(client, upstream, async (sent) => {
      const found = read(sent);
      if (found === null) return;
      awaited = found;
      await gate.pass(found.call, 'before');
      if (client.destroyed) upstream.destroy();
    });
    each(upstream, client, async (answered) => {
      if (awaited === null || !answered.includes(awaited.done)) return;
      const { call } = awaited;
      awaited = null;
      await gate.pass(call, 'after');
    });
  });

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });

/** The worker's way to its servers, watched. */
export interface WorkerTraffic {
  readonly gate: Gate;
  stop(): Promise<void>;
}

/** Puts itself between, and starts the worker anew with its servers' addresses changed in its settings. */
export const watchWorker = async (stack: Stack): Promise<WorkerTraffic> => {
  const gate = createGate();
  const { kratos, ours } = stack.servers;
  const [publicPort, adminPort, postgresPort] = await freePorts(3);
  if (publicPort === undefined || adminPort === undefined || postgresPort === undefined)
    throw new Error('no free ports to stand between the worker and its servers');
  const sockets = new Set<Socket>();
  const servers = [
    [betweenKratos(kratos.publicUrl, gate), publicPort],
    [betweenKratos(kratos.adminUrl, gate), adminPort],
    [betweenPostgres({ host: ours.host, port: ours.port }, gate), postgresPort],
  ] as const;
  for (const [server, port] of servers) {
    server.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
    await listen(server, port);
  }
  const file = join(stack.stateFolder, 'settings', 'worker.json');
  const settings = settingsSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  const moved = {
    ...settings,
    kratos: { publicUrl: `http://127.0.0.1:${publicPort}`, adminUrl: `http://127.0.0.1:${adminPort}` },
    postgres: { ...settings.postgres, host: '127.0.0.1', port: postgresPort },
  };
  await writeFile(file, JSON.stringify(moved, null, 2), { mode: 0o600 });
  await stack.restart('worker');
  return {
    gate,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map(([server]) => new Promise((resolve) => server.close(resolve))));
    },
  };
};
