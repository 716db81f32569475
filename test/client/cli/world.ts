/** The command line against the real api in process, with somebody in between who may lie. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { main } from '../../../client/cli/main.ts';
import type { Exit } from '../../../client/cli/exits.ts';
import { dossier as dossierSchema, type CaseView, type Dossier } from '../../../core/contracts/http.ts';
import type { Action } from '../../../core/contracts/ledger.ts';
import { makeHarness, origin, type Harness } from '../../api/harness.ts';
import type { Name } from '../../support/org.ts';

/** How a command ended. */
export interface Ran {
  readonly exit: Exit;
  readonly stdout: string;
  readonly stderr: string;
  json(): unknown;
}

export interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: string;
  /** Whether stdin, stdout and stderr are a terminal. */
  readonly isTerminal?: boolean;
  /** Seconds by which this machine's clock is ahead of the api's. */
  readonly clockAhead?: number;
  /** Does what others do while the command waits; the clock goes on by itself. */
  readonly meanwhile?: () => Promise<void>;
}

/** Changes what the api answers; gives undefined to leave it as it is. */
export type Lie = (path: string, body: unknown) => unknown;
/** Answers in the api's place. */
export type Stand = (method: string, path: string, body: string) => Response | undefined;

export interface World {
  readonly harness: Harness;
  readonly folder: string;
  home(person: string): string;
  run(person: string, args: readonly string[], options?: RunOptions): Promise<Ran>;
  /** Runs a command that has to work. */
  must(person: Name, ...args: readonly string[]): Promise<Ran>;
  lie(lie: Lie | null): void;
  stand(stand: Stand | null): void;
  /** What the ledger holds since a row. */
  actions(after?: number): Action[];
  logLines(person: Name): Promise<number>;
  remove(): Promise<void>;
}

/** People with a profile and a pinned config. */
export const settled: readonly Name[] = [
  ...(['alice', 'bob', 'carol', 'dan', 'erin', 'frank', 'grace', 'heidi', 'ivan', 'quinn', 'rosa'] as const),
];

export async function makeWorld(): Promise<World> {
  const harness = await makeHarness();
  const folder = await mkdtemp(join(tmpdir(), 'breakglass-cli-'));
  let lie: Lie | null = null;
  let stand: Stand | null = null;
  let asked = 0;

  const between: typeof fetch = async (input, init = {}) => {
    const { pathname, search } = new URL(input instanceof Request ? input.url : input);
    const path = `${pathname}${search}`;
    const instead = stand?.(init.method ?? 'GET', path, typeof init.body === 'string' ? init.body : '');
    if (instead !== undefined) return instead;
    // An address of its own for each, since the clock stands still and the api counts by address.
    asked += 1;
    const answer = await harness.request(path, init, `198.51.${Math.floor(asked / 250)}.${asked % 250}`);
    const told: unknown = lie === null || !answer.ok ? undefined : lie(path, await answer.clone().json());
    return told === undefined ? answer : Response.json(told);
  };
  const home = (person: string): string => join(folder, 'homes', person);
  const run: World['run'] = async (person, args, options = {}) => {
    const { env = {}, stdin = '', isTerminal = false, clockAhead = 0, meanwhile } = options;
    const said = { stdout: '', stderr: '' };
    const stream = (name: keyof typeof said) => ({
      write: (text: string) => (said[name] += text),
      isTTY: isTerminal,
    });
    const exit = await main(args, {
      env: { ...env, BREAKGLASS_HOME: home(person) },
      stdin: Object.assign(Readable.from([stdin]), { isTTY: isTerminal }),
      stdout: stream('stdout'),
      stderr: stream('stderr'),
      now: () => new Date(Date.parse(harness.now()) + clockAhead * 1000),
      random: randomBytes,
      sleep: async (milliseconds) => {
        harness.advance(milliseconds / 1000);
        await meanwhile?.();
      },
      fetch: between,
    });
    return { exit, ...said, json: () => JSON.parse(said.stdout) as unknown };
  };
  const must: World['must'] = async (person, ...args) => {
    const ran = await run(person, args);
    if (ran.exit !== 0) throw new Error(`${person}: ${args.join(' ')} ended with ${ran.exit}: ${ran.stderr}`);
    return ran;
  };

  const bundle = join(folder, '0001.json');
  await writeFile(bundle, JSON.stringify(harness.org.chain[0]));
  for (const person of settled) {
    const { keyFile, ageIdentity } = harness.org.keys[person];
    await mkdir(home(person), { recursive: true });
    await writeFile(`${keyFile}.age`, `${ageIdentity}\n`, { mode: 0o600 });
    const keys = ['--ssh-key', keyFile, '--age-identity', `${keyFile}.age`];
    await must(person, 'init', '--person', person, '--api', origin, ...keys);
    await must(person, 'config', 'pin', bundle);
  }
  return {
    harness,
    folder,
    home,
    run,
    must,
    lie: (next) => (lie = next),
    stand: (next) => (stand = next),
    actions: (after = 0) => harness.ledger.rows.filter(({ seq }) => seq > after).map(({ action }) => action),
    logLines: async (person) => {
      const text = await readFile(join(home(person), 'log.jsonl'), 'utf8').catch(() => '');
      return text.split('\n').filter((line) => line !== '').length;
    },
    remove: async () => {
      await harness.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The request of these tests, as typed. */
export const requestArgs = [
  ...[
    'request',
    'acme-eu',
    '--scenario',
    'sso-down',
    '--condition',
    'sso-fully-down',
    '--condition',
    'sev-0',
  ],
  ...['--reason', 'nobody can sign in', '--symptom', 'SSO answers 503'],
  ...['--incident-channel', '#incident-7', '--expected-minutes', '30'],
];

const isDossier = (path: string): boolean => path.endsWith('/dossier');
const isView = (path: string): boolean => /^\/v1\/cases\/[^/]+\/[^/]+$/.test(path);

/** A lie about the dossier, and perhaps about the case's view. */
export const lieAbout =
  (dossier: (true_: Dossier) => Partial<Dossier>, view?: (true_: CaseView) => Partial<CaseView>): Lie =>
  (path, body) => {
    if (isDossier(path)) {
      const parsed = dossierSchema.parse(body);
      return { ...parsed, ...dossier(parsed) };
    }
    if (view === undefined || !isView(path)) return undefined;
    const shown = z.object({}).loose().parse(body);
    return { ...shown, ...view(shown as CaseView) };
  };
