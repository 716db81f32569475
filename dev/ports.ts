import { randomInt } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { dirname } from 'node:path';
import { z } from 'zod';
import { writeWhole } from './cache.ts';
import { failure } from './setUp/failures.ts';

const HOST = '127.0.0.1';

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ host: HOST, port, exclusive: true }, () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/**
 * Below the range that systems give to outgoing connections (Linux: from 32768): between being chosen and being
 * listened on, a port of that range may become the near end of somebody's connection.
 */
const LOWEST = 10_000;
const HIGHEST = 32_000;
const TRIES = 100;

async function holdAny(triesLeft = TRIES): Promise<{ port: number; server: Server }> {
  const port = randomInt(LOWEST, HIGHEST);
  const server = await listen(port).catch((error: unknown) => {
    if (triesLeft <= 1) throw error;
  });
  return server === undefined ? holdAny(triesLeft - 1) : { port, server };
}

/**
 * Ports on 127.0.0.1 that nobody listened on a moment ago.
 *
 * @param count - how many
 * @returns that many different ports; all were held at once, so none is named twice
 */
export async function freePorts(count: number): Promise<number[]> {
  const held = await Promise.all(Array.from({ length: count }, () => holdAny()));
  await Promise.all(held.map(({ server }) => close(server)));
  return held.map(({ port }) => port);
}

/** True when nobody listens on this port of 127.0.0.1. */
export async function isFree(port: number): Promise<boolean> {
  const server = await listen(port).catch(() => undefined);
  if (server !== undefined) await close(server);
  return server !== undefined;
}

/**
 * One port for each name, the same as last time where it is still free, so that addresses survive a restart.
 *
 * @param file - JSON file of the ports handed out before; made or rewritten
 * @param names - what the ports are for
 * @param options.bound - names whose port others know already: it stays the same, or it is a failure
 * @param options.wanted - ports that the user asked for by name
 * @throws SetUpFailure when a port that has to be this one is taken
 */
export async function rememberedPorts<const Name extends string>(
  file: string,
  names: readonly Name[],
  options: {
    readonly bound?: readonly Name[];
    readonly wanted?: Readonly<Partial<Record<Name, number>>>;
  } = {},
): Promise<Record<Name, number>> {
  const { bound = [] } = options;
  const wanted: Readonly<Record<string, number>> = { ...options.wanted };
  const text = await readFile(file, 'utf8').catch(() => '{}');
  const remembered = z.record(z.string(), z.int().min(1).max(65535)).catch({}).parse(parseOrNothing(text));
  for (const name of bound) {
    const port = remembered[name];
    if (port !== undefined && (wanted[name] ?? port) !== port) throw failure('port-bound', { name, port });
  }
  const before: Record<string, number> = { ...remembered, ...wanted };
  const known = new Set(Object.values(before));
  // One more for each known port, since the system may hand out a known one again.
  const fresh = (await freePorts(names.length + known.size)).filter((port) => !known.has(port));
  const ports = { ...before };
  const taken = new Set<number>();
  const isFixed = (name: Name): boolean => bound.includes(name) || wanted[name] !== undefined;
  // Those that cannot move choose first.
  for (const name of names.toSorted((one, other) => Number(isFixed(other)) - Number(isFixed(one)))) {
    const old = before[name];
    const usable = old !== undefined && !taken.has(old) && (await isFree(old));
    if (old !== undefined && !usable && isFixed(name)) throw failure('port-taken', { name, port: old });
    const port = usable ? old : fresh.find((candidate) => !taken.has(candidate));
    if (port === undefined) throw new Error(`no free port on ${HOST} for ${name}`);
    ports[name] = port;
    taken.add(port);
  }
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeWhole(file, JSON.stringify(ports));
  return z
    .record(z.enum(names), z.number())
    .parse(Object.fromEntries(names.map((name) => [name, ports[name]])));
}

function parseOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
