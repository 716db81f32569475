import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';

/** A process that belongs to a try, and the ports it listens on. */
export interface Left {
  readonly pid: number;
  /** The number of the process that has started it, or has inherited it. */
  readonly parent: number;
  readonly command: string;
  readonly ports: readonly number[];
}

const text = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');

/** Listening TCP ports of the machine by the number of their socket. See proc(5), /proc/net/tcp: state 0A listens. */
const listening = async (): Promise<ReadonlyMap<string, number>> => {
  const lines = (await text('/proc/net/tcp')).split('\n').concat((await text('/proc/net/tcp6')).split('\n'));
  return new Map(
    lines.flatMap((line) => {
      const fields = line.trim().split(/\s+/);
      const [, local = '', , state] = fields;
      const inode = fields[9];
      return state === '0A' && inode !== undefined
        ? [[inode, Number.parseInt(local.split(':').at(-1) ?? '', 16)] as const]
        : [];
    }),
  );
};

const linksIn = async (folder: string): Promise<string[]> => {
  const names = await readdir(folder).catch(() => []);
  return Promise.all(names.map((name) => readlink(join(folder, name)).catch(() => '')));
};

/**
 * Every living process of the machine that has a folder's path in its arguments, its environment, its working folder
 * or its open files: what a try in that folder has started, whoever its parent is by now.
 *
 * @param folder - a path that occurs nowhere else
 */
export const leftIn = async (folder: string): Promise<Left[]> => {
  const ports = await listening();
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const at = join('/proc', pid);
      const [command, environment, status, cwd, open] = await Promise.all([
        text(join(at, 'cmdline')),
        text(join(at, 'environ')),
        text(join(at, 'status')),
        readlink(join(at, 'cwd')).catch(() => ''),
        linksIn(join(at, 'fd')),
      ]);
      if (![command, environment, cwd, ...open].some((each) => each.includes(folder))) return [];
      const sockets = open.flatMap((each) => /^socket:\[(\d+)\]$/.exec(each)?.[1] ?? []);
      const own = sockets.flatMap((each) => ports.get(each) ?? []);
      const parent = Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1]);
      return [{ pid: Number(pid), parent, command: command.replaceAll('\0', ' ').trim(), ports: own }];
    }),
  );
  return found.flat();
};
