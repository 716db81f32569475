/** Stands between the worker alone and Kratos and our Postgres: everybody else reaches them straight. */
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, connect, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { settings as settingsSchema } from '../../../core/contracts/settings.ts';
import type { Stack } from '../../../dev/stack/index.ts';
import { betweenHttp, listenAll } from './between.ts';
import { createGate, type Gate } from './gate.ts';

const patterns: readonly (readonly [RegExp, string])[] = [
  [/^PUT \/admin\/identities\//, 'put identity'],
  [/^POST \/admin\/identities /, 'create identity'],
  [/^DELETE \/admin\/identities\/[^/]+\/credentials\/totp/, 'delete totp'],
  [/^DELETE \/admin\/identities\/[^/]+\/credentials\//, 'delete credential'],
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

const betweenKratos = (target: string, gate: Gate): Server =>
  betweenHttp(target, async ({ method, url, body }, when) => {
    await gate.pass(nameOf(method, url, body), when);
    return undefined;
  });

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
  createServer((client) => {
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

/** The worker's way to its servers, watched. */
export interface WorkerTraffic {
  readonly gate: Gate;
  stop(): Promise<void>;
}

/** Puts itself between, and starts the worker anew with its servers' addresses changed in its settings. */
export const watchWorker = async (stack: Stack): Promise<WorkerTraffic> => {
  const gate = createGate();
  const { kratos, ours } = stack.servers;
  const { ports, stop } = await listenAll([
    betweenKratos(kratos.publicUrl, gate),
    betweenKratos(kratos.adminUrl, gate),
    betweenPostgres({ host: ours.host, port: ours.port }, gate),
  ]);
  const [publicPort, adminPort, postgresPort] = ports;
  const file = join(stack.stateFolder, 'settings', 'worker.json');
  const settings = settingsSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  const moved = {
    ...settings,
    kratos: { publicUrl: `http://127.0.0.1:${publicPort}`, adminUrl: `http://127.0.0.1:${adminPort}` },
    postgres: { ...settings.postgres, host: '127.0.0.1', port: postgresPort },
  };
  await writeFile(file, JSON.stringify(moved, null, 2), { mode: 0o600 });
  await stack.restart('worker');
  return { gate, stop };
};
