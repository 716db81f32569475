import { exits } from '../../client/cli/exits.ts';

/** What a start ended by Ctrl-C, or by a closed terminal, answers with: 128 and the number of SIGINT. */
export const interruptedExit = 130;

interface Way {
  readonly exit: number;
  /** What is wrong, and where; `{name}` stands for what is filled in. */
  readonly what: string;
  readonly remedy: string;
}

/**
 * Every way in which the set-up can fail: one line each, what is wrong and what to do about it. The exit codes
 * mean what the command line's do. `docs/installing.md` has the same table; a test holds the two together.
 */
export const ways = {
  'node-too-old': {
    exit: exits.usage,
    what: 'this is Node {found}, and {needed} or newer is needed',
    remedy: 'install it from https://nodejs.org and run npm ci again',
  },
  windows: {
    exit: exits.usage,
    what: 'it does not run on Windows itself',
    remedy: 'run it in WSL 2 (https://learn.microsoft.com/windows/wsl)',
  },
  'not-installed': {
    exit: exits.usage,
    what: '{missing} is not in node_modules',
    remedy: 'run npm ci, with optional dependencies',
  },
  'scripts-not-run': {
    exit: exits.usage,
    what: 'the install script of {missing} has not run ({reason})',
    remedy: 'run npm rebuild {missing} --ignore-scripts=false',
  },
  'no-temp': {
    exit: exits.usage,
    what: '{path} cannot be written ({code})',
    remedy: 'set TMPDIR to a folder that this user may write and that has room',
  },
  usage: { exit: exits.usage, what: '{what}', remedy: 'npm start -- --help says what there is' },
  'needs-yes': {
    exit: exits.usage,
    what: '--reset deletes all that is in {folder}, and there is no terminal to ask on',
    remedy: 'give --yes with it if that is meant',
  },
  declined: {
    exit: exits.refused,
    what: 'nothing was deleted in {folder}',
    remedy: 'answer yes to delete it, or leave --reset away to go on with it',
  },
  'no-openssh': {
    exit: exits.usage,
    what: 'ssh-keygen is not on PATH',
    remedy: 'install OpenSSH (Debian: apt install openssh-client)',
  },
  'no-go': {
    exit: exits.usage,
    what: '{program} could not be downloaded ({reason}), and what builds it instead, Go {needed} or newer, is {found}',
    remedy: 'install Go from https://go.dev/dl, or set {variable} to a program of your own',
  },
  'no-java': {
    exit: exits.usage,
    what: '{program} could not be downloaded ({reason}), and what fetches its jars instead is not on PATH: {missing}',
    remedy:
      'install it (Debian: apt install default-jre-headless maven; macOS: brew install maven), or set {variable} to a program of your own',
  },
  'no-network': {
    exit: exits.unreachable,
    what: '{program} could neither be downloaded ({reason}) nor be built ({why})',
    remedy:
      'connect this machine, or set {variable} to a program of your own; Go and Maven heed their own settings for proxies and mirrors (GOPROXY, HTTPS_PROXY, ~/.m2/settings.xml)',
  },
  'not-built': {
    exit: exits.unexpected,
    what: '{program} could not be downloaded ({reason}), and building it failed ({why})',
    remedy: 'the end of what the build said follows; or set {variable} to a program of your own',
  },
  'own-program': {
    exit: exits.usage,
    what: '{variable} names {path}, which does not run',
    remedy: 'correct it, or unset it',
  },
  'port-taken': {
    exit: exits.refused,
    what: 'the port of {name}, {port}, is taken by another program, and no other will do',
    remedy:
      "end that program (ss -ltnp 'sport = :{port}' or lsof -i :{port} shows which); or give another --api-port if this is a first start, or begin afresh with npm start -- --reset",
  },
  'port-bound': {
    exit: exits.usage,
    what: "the port of {name} is {port} since the first start: people's machines and the signed config know no other",
    remedy: 'leave --api-port away, or begin afresh with npm start -- --reset',
  },
  'in-use': {
    exit: exits.refused,
    what: '{folder} is in use by process {pid}, which runs',
    remedy: 'end that with Ctrl-C where it runs, or set BREAKGLASS_STATE to another folder',
  },
  'other-version': {
    exit: exits.refused,
    what: 'the state in {folder} was made by another version ({theirs}; this is {ours})',
    remedy:
      'begin afresh with npm start -- --reset, or keep it for that version and set BREAKGLASS_STATE to another folder',
  },
  'not-ours': {
    exit: exits.refused,
    what: '{folder} holds something else than a state of ours',
    remedy: 'set BREAKGLASS_STATE to a folder that is empty or not there yet',
  },
  'other-user': {
    exit: exits.refused,
    what: '{folder} belongs to user {owner}, and this is {user}',
    remedy: 'run it as {owner}, or set BREAKGLASS_STATE to a folder of your own',
  },
  'databases-gone': {
    exit: exits.refused,
    what: 'the state in {folder} is there, but its databases are not ({missing})',
    remedy: 'put them back if you can, or begin afresh with npm start -- --reset',
  },
  'no-space': {
    exit: exits.unexpected,
    what: 'only {free} MB are free on the disk of {folder}, and {needed} MB are needed',
    remedy: 'make room, or set {variable} to a folder on another disk',
  },
  'disk-full': {
    exit: exits.unexpected,
    what: 'the disk became full while it started ({where})',
    remedy:
      'make room (df -h says where), or set BREAKGLASS_STATE and BREAKGLASS_CACHE to folders on another disk',
  },
  'not-allowed': {
    exit: exits.usage,
    what: 'user {user} may not write {path}',
    remedy:
      'give that to {user} with chown; or set BREAKGLASS_STATE and BREAKGLASS_CACHE to folders of your own, and clone the repository as {user}',
  },
  'nameless-user': {
    exit: exits.usage,
    what: 'user id {uid} has no name on this machine, and Postgres does not run for such a user',
    remedy: 'run it as another user, or add this one (useradd --uid {uid} NAME)',
  },
  'no-postgres-user': {
    exit: exits.usage,
    what: 'Postgres does not run as root, and there is neither a user postgres nor useradd to make one',
    remedy: 'run it as another user than root',
  },
  'postgres-unreadable': {
    exit: exits.usage,
    what: 'as root Postgres runs as the user postgres, who cannot run {path}',
    remedy: 'set BREAKGLASS_CACHE to a folder that everybody may enter',
  },
  'not-ready': {
    exit: exits.unexpected,
    what: '{name} was not ready within {seconds} s',
    remedy: 'start again if the machine was busy; otherwise read {log}, whose end follows',
  },
  'ended-early': {
    exit: exits.unexpected,
    what: '{name} ended ({how}) before it was ready',
    remedy: 'read {log}, whose end follows',
  },
  interrupted: {
    exit: interruptedExit,
    what: 'interrupted',
    remedy: 'npm start goes on from here; npm start -- --reset begins afresh',
  },
} as const satisfies Readonly<Record<string, Way>>;

export type WayToFail = keyof typeof ways;

/** The names between braces of a text. */
type Names<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Names<Rest>
  : never;
type Values<Way extends WayToFail> = Readonly<
  Record<Names<(typeof ways)[Way]['what'] | (typeof ways)[Way]['remedy']>, string | number>
>;

const fill = (text: string, values: Readonly<Record<string, string | number>>): string =>
  text.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name]));

/** An end of the set-up that its user can act on: one line, an exit code, perhaps what a log said last. */
export class SetUpFailure extends Error {
  override readonly name = 'SetUpFailure';
  readonly way: WayToFail;
  readonly exit: number;
  /** More to read, below the line; empty where the line says it all. */
  readonly details: string;
  constructor(way: WayToFail, line: string, details: string, cause: unknown) {
    super(line, cause === undefined ? {} : { cause });
    this.way = way;
    this.exit = ways[way].exit;
    this.details = details;
  }
}

/**
 * One of {@link ways}, filled in.
 *
 * @param values - what stands for the names in its line; line breaks in them become spaces
 * @param more - what a log said last, and the error it comes from
 */
export const failure = <Way extends WayToFail>(
  way: Way,
  values: Values<Way>,
  more: { readonly details?: string; readonly cause?: unknown } = {},
): SetUpFailure => {
  const { what, remedy } = ways[way];
  const line = fill(`${what}: ${remedy}`, values).replaceAll(/\s*\n\s*/g, ' ');
  return new SetUpFailure(way, line, more.details ?? '', more.cause);
};
