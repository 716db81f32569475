/** Looking for secrets in the clear wherever a process of ours, or a server of ours, could have left them. */
import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { z } from 'zod';
import type { Stack } from '../../../dev/stack/index.ts';
import { requestCommand } from '../../../dev/stack/play.ts';
import { withPool } from './database.ts';

/**
 * The same bytes as they would stand in a text, in UTF-16, in base64 at each offset, in hex, in an address and in
 * JSON.
 */
const spellings = (secret: string): Buffer[] => {
  const bytes = Buffer.from(secret, 'utf8');
  const inBase64 = [0, 1, 2].map((offset) => {
    const shifted = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    // Only the characters that the neighbouring bytes have no part in.
    return shifted.slice(Math.ceil((offset * 4) / 3), Math.floor(((offset + bytes.length) * 4) / 3));
  });
  const inJson = JSON.stringify(secret).slice(1, -1);
  const texts = [secret, ...inBase64, ...inBase64.map(urlSafe), bytes.toString('hex'), inJson];
  return [...new Set([...texts, encodeURIComponent(secret)])]
    .map((text) => Buffer.from(text, 'utf8'))
    .concat(Buffer.from(secret, 'utf16le'));
};

const urlSafe = (text: string): string => text.replaceAll('+', '-').replaceAll('/', '_');

/** Finds secrets in a content by any spelling. @returns a function that gives their names */
const finder = (secrets: Readonly<Record<string, string>>): ((content: Buffer) => string[]) => {
  const wanted = Object.entries(secrets).flatMap(([name, secret]) =>
    spellings(secret).map((bytes) => ({ name, bytes })),
  );
  return (content) => [
    ...new Set(wanted.filter(({ bytes }) => content.includes(bytes)).map(({ name }) => name)),
  ];
};

/** What this machine's processes were started with, as `/proc` tells it. */
const started = ['cmdline', 'environ'] as const;
export type Started = Readonly<Record<(typeof started)[number], readonly string[]>>;

/** Looks at every process while it lasts. */
export interface Watch {
  /** Ends it. @returns everything seen, once each */
  end(): Promise<Started>;
}

/** Looks at every process again and again, since most live for less than a second. */
export const watchProcesses = (): Watch => {
  const seen = { cmdline: new Set<string>(), environ: new Set<string>() };
  let isWatching = true;
  const look = async (pid: string): Promise<void> => {
    for (const name of started) {
      const text = await readFile(`/proc/${pid}/${name}`, 'latin1').catch(() => '');
      if (text !== '') seen[name].add(text);
    }
  };
  const watch = async (): Promise<void> => {
    while (isWatching) {
      const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
      await Promise.all(pids.map(look));
      await sleep(25);
    }
  };
  const watching = watch();
  return {
    end: async () => {
      isWatching = false;
      await watching;
      return { cmdline: [...seen.cmdline], environ: [...seen.environ] };
    },
  };
};

/** Every file below a folder, but for those where another system keeps its own. */
export const filesIn = async (folder: string, besides: readonly string[] = []): Promise<string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name))
    .filter((file) => !besides.some((other) => file.startsWith(other)));
};

const tables = z.array(z.object({ name: z.string() }));
const rows = z.array(z.object({ text: z.string() }));

/** Every row of every table of ours, as text: what a dump would hold, uncompressed. */
const dump = (stack: Stack): Promise<string[]> =>
  withPool(stack, async (pool) => {
    const found = await pool.query(
      "SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'breakglass'",
    );
    const texts: string[] = [];
    for (const { name } of tables.parse(found.rows))
      texts.push(
        ...rows
          .parse((await pool.query(`SELECT row_to_json(t)::text AS text FROM breakglass.${name} t`)).rows)
          .map(({ text }) => text),
      );
    return texts;
  });

export const places = ['logs', 'temporal', 'postgres', 'state folder', 'processes'] as const;
export type Place = (typeof places)[number];

/** A secret that was found, by its name and where. */
export interface Found<P extends string = Place> {
  readonly name: string;
  readonly place: P;
  readonly where: string;
}

/** How much was read of one kind of place: files, rows or texts that were not empty. */
export interface Read {
  contents: number;
  bytes: number;
}

/**
 * A search that counts what it reads.
 *
 * @param secrets - by name; only names are given back
 */
export const createSearch = <P extends string = Place>(secrets: Readonly<Record<string, string>>) => {
  const namesIn = finder(secrets);
  const found: Found<P>[] = [];
  const read = new Map<string, Read>();
  return {
    found,
    /** By kind of place. */
    read: read as ReadonlyMap<string, Readonly<Read>>,
    /** @param kind - what is counted apart; the place itself when left out */
    look: (place: P, where: string, content: Buffer, kind: string = place): void => {
      const sum = read.get(kind) ?? { contents: 0, bytes: 0 };
      read.set(kind, sum);
      sum.contents += content.length > 0 ? 1 : 0;
      sum.bytes += content.length;
      for (const name of namesIn(content)) found.push({ name, place, where });
    },
  };
};

/**
 * Searches logs, Temporal's files, our Postgres (rows and data files), the rest
 * of the state folder, and what processes were started with.
 *
 * @param seen - from {@link watchProcesses}
 */
export const searchFor = async (
  stack: Stack,
  { look }: { readonly look: (place: Place, where: string, content: Buffer, kind?: string) => void },
  seen: Started,
): Promise<void> => {
  const lookIn = async (place: Place, files: readonly string[]): Promise<void> => {
    for (const file of files)
      look(place, relative(stack.stateFolder, file), await readFile(file).catch(() => Buffer.alloc(0)));
  };
  const { stateFolder, servers } = stack;
  const [logs, temporal] = [join(stateFolder, 'logs'), join(stateFolder, 'temporal')];
  const ours = servers.ours.dataFolder;
  // Kratos keeps TOTP seeds in the clear, by its own design: the threat model says so.
  const theirs = servers.kratosDatabase.dataFolder;
  await lookIn('logs', await filesIn(logs));
  await lookIn('temporal', await filesIn(temporal));
  await lookIn('postgres', await filesIn(ours));
  for (const row of await dump(stack)) look('postgres', 'rows', Buffer.from(row), 'postgres, as a dump');
  await lookIn('state folder', await filesIn(stateFolder, [logs, temporal, ours, theirs]));
  for (const name of started)
    for (const text of seen[name]) look('processes', name, Buffer.from(text, 'latin1'), `processes, ${name}`);
};

/**
 * Leaves a text in each place by the way a careless program would: a search
 * that does not find it proves nothing.
 *
 * @returns the text
 */
export const plant = async (stack: Stack, account: string): Promise<string> => {
  const planted = `planted${randomBytes(16).toString('hex')}`;
  await fetch(`${stack.origin}/v1/${planted}`);
  await writeFile(join(stack.stateFolder, 'planted'), planted);
  const { address, namespace } = stack.servers.temporal;
  const connection = await Connection.connect({ address });
  const { workflow } = new Client({ connection, namespace });
  const workflowId = `planted/${randomBytes(4).toString('hex')}`;
  const started = await workflow.start('nothing', { workflowId, taskQueue: 'nobody', args: [planted] });
  await started.terminate('it was planted for a search');
  await connection.close();
  // The refused request stands in the ledger as it was signed, and stood among the arguments.
  await stack.cli('maya', ...requestCommand(account, { scenario: planted }));
  return planted;
};
