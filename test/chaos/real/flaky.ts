/** Single calls that fail at random between our processes and every server they use. */
import { readFile, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { settings as settingsSchema } from '../../../core/contracts/settings.ts';
import type { Stack } from '../../../dev/stack/index.ts';
import { betweenHttp, listenAll } from '../../survival/checks/between.ts';
import type { Random } from '../random.ts';
import { createTallies, faultKinds, type FaultKind, type Tallies } from '../tally.ts';
import { ours, type Machines } from './machines.ts';

/** Draws which calls fail, and counts them. */
const createDraw = (random: Random, rate: number) => {
  const { tallies, count } = createTallies();
  const state = { isOn: false, cuts: 0 };
  const draw = (server: FlakyServer, among: readonly FaultKind[]): FaultKind | null => {
    if (!state.isOn) return null;
    const kind = random.chance(rate) ? (random.pick(among) ?? null) : null;
    count(server, among, kind);
    return kind;
  };
  return { tallies, state, draw };
};
type Draw = ReturnType<typeof createDraw>;

/** The servers whose single calls fail; those to Temporal fail together. */
export const flakyServers = ['kratos', 'topic', 'chat', 'postgres'] as const;
type FlakyServer = (typeof flakyServers)[number];

/** Half of what fails before its effect is turned away with 503, the other half loses its connection. */
const http = (name: FlakyServer, target: string, { draw }: Draw, random: Random): Server => {
  const losing = new WeakSet<object>();
  return betweenHttp(target, async (request, when) => {
    if (when === 'after' && losing.has(request)) throw new Error('the answer is lost');
    if (when === 'after') return undefined;
    const kind = draw(name, ['before', 'after']);
    if (kind === 'after') losing.add(request);
    if (kind !== 'before') return undefined;
    if (random.chance(0.5)) return 503;
    throw new Error('the connection is lost');
  });
};

const joined = (client: Socket, target: { host: string; port: number }) => {
  const server = connect(target);
  const cut = (): void => {
    client.resetAndDestroy();
    server.destroy();
  };
  client.on('error', cut).on('close', () => server.destroySoon());
  server.on('error', cut).on('close', () => client.destroySoon());
  return { server, cut };
};

/**
 * A call is a transaction, or a statement outside of one: its connection is cut before it begins, before it is
 * committed, or when it is and before anybody hears of it.
 */
const postgres = (target: { host: string; port: number }, { draw }: Draw): Server =>
  createServer((client) => {
    const { server, cut } = joined(client, target);
    let [isInside, fate, isLost]: [boolean, FaultKind | null, boolean] = [false, null, false];
    client.on('data', (chunk: Buffer) => {
      const sent = chunk.toString('latin1');
      const ends = isInside && /\b(COMMIT|ROLLBACK)\b/.test(sent);
      if (!isInside) {
        isInside = sent.includes('BEGIN ISOLATION');
        fate = draw('postgres', isInside ? faultKinds : ['before', 'after']);
        if (fate === 'before') {
          cut();
          return;
        }
        isLost = !isInside && fate === 'after';
      } else if (ends) {
        isInside = false;
        if (fate === 'during') {
          cut();
          return;
        }
        isLost = fate === 'after';
      }
      server.write(chunk);
    });
    server.on('data', (chunk: Buffer) => {
      if (isLost) cut();
      else client.write(chunk);
    });
  });

/** Calls to Temporal share a connection, and fail together when it is cut, some seconds after it was made. */
const temporal = (target: { host: string; port: number }, it: Draw, random: Random): Server =>
  createServer((client) => {
    const { server, cut } = joined(client, target);
    client.pipe(server).pipe(client);
    const timer = setTimeout(
      () => {
        if (!it.state.isOn || client.destroyed) return;
        it.state.cuts += 1;
        cut();
      },
      5_000 + random.int(30_000),
    );
    client.once('close', () => {
      clearTimeout(timer);
    });
  });

/** What fails between our processes and their servers. */
export interface Flaky {
  /** How many calls of each server there were, and how many failed; those to Temporal are cut together. */
  readonly calls: Tallies;
  /** Connections to Temporal that were cut. */
  readonly cuts: () => number;
  readonly stop: () => Promise<void>;
}

/**
 * Stands between our three processes and Kratos, both channels, Postgres and Temporal. They are started anew, with these
 * addresses in their settings; from then on calls fail.
 *
 * @param rate - how many calls fail, from 0 to 1
 */
export const makeFlaky = async (
  stack: Stack,
  { restart }: Pick<Machines, 'restart'>,
  random: Random,
  rate: number,
): Promise<Flaky> => {
  const { servers, secrets, stateFolder } = stack;
  const draw = createDraw(random, rate);
  const [temporalHost = '', temporalPort] = servers.temporal.address.split(':');
  const webhook = new URL(servers.slack.webhookUrl);
  const { ports, stop } = await listenAll([
    http('kratos', servers.kratos.publicUrl, draw, random),
    http('kratos', servers.kratos.adminUrl, draw, random),
    http('topic', servers.aws.endpoint, draw, random),
    http('chat', webhook.origin, draw, random),
    postgres({ host: servers.ours.host, port: servers.ours.port }, draw),
    temporal({ host: temporalHost, port: Number(temporalPort) }, draw, random),
  ]);
  const [publicUrl, adminUrl, endpoint, chat, , address] = ports.map((port) => `127.0.0.1:${port}`);
  await writeFile(join(secrets.secretsDir, 'incident-slack'), `http://${chat ?? ''}${webhook.pathname}`);
  for (const name of ours) {
    const file = join(stateFolder, 'settings', `${name}.json`);
    const settings = settingsSchema.parse(JSON.parse(await readFile(file, 'utf8')));
    const moved = {
      ...settings,
      kratos: { publicUrl: `http://${publicUrl ?? ''}`, adminUrl: `http://${adminUrl ?? ''}` },
      aws: { ...settings.aws, endpoint: `http://${endpoint ?? ''}` },
      postgres: { ...settings.postgres, host: '127.0.0.1', port: ports[4] },
      temporal: { ...settings.temporal, address },
    };
    await writeFile(file, JSON.stringify(moved, null, 2), { mode: 0o600 });
  }
  try {
    await Promise.all(ours.map(restart));
  } catch (error) {
    await stop();
    throw error;
  }
  draw.state.isOn = true;
  return { calls: draw.tallies, cuts: () => draw.state.cuts, stop };
};
