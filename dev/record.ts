/**
 * `npm run record`: plays one case on real servers and records what the terminals of its people show, as
 * `docs/recording/case.cast`, and as the picture in the README. Run it again when what it shows has changed.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { plainEnvironment } from './processes.ts';
import { writeCast, type Cast } from './recording/cast.ts';
import { story, type Typed } from './recording/story.ts';
import { drawCast } from './recording/svg.ts';
import { homeOf, mustRun } from './stack/cli.ts';
import { startStack } from './stack/index.ts';
import { cast as people, provision } from './stack/play.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [width, height] = [100, 30];

/** Seconds: what typing takes a character, no wait is longer than, and a reader is given for a row. */
const pace = { key: 0.02, longest: 1, row: 0.2 } as const;

type Event = Cast['events'][number];

/** Runs a command in a terminal of its own, made by util-linux's `script`, and keeps what it was sent. */
const runInTerminal = (typed: Typed, stateFolder: string): Promise<[seconds: number, text: string][]> =>
  new Promise((resolve, reject) => {
    const program = `breakglass() { '${process.execPath}' '${join(root, 'dist', 'breakglass.mjs')}' "$@"; }`;
    const line = `stty cols ${width} rows ${height}; ${program}; ${typed.lines.join('\n')}`;
    const { NO_COLOR: _, ...env } = plainEnvironment();
    const child = spawn('script', ['--quiet', '--return', '--flush', '--command', line, '/dev/null'], {
      env: {
        ...env,
        TERM: 'xterm-256color',
        BREAKGLASS_HOME: homeOf(stateFolder, typed.who),
        SHELL: '/bin/sh',
      },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const begun = performance.now();
    const seen: [number, string][] = [];
    let { answer } = typed;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      seen.push([(performance.now() - begun) / 1000, text]);
      if (answer === undefined || !text.endsWith('] ')) return;
      child.stdin.write(`${answer}\n`);
      answer = undefined;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(seen);
      else reject(new Error(`${typed.lines.join(' ')}: ${seen.map(([, text]) => text).join('')}`));
    });
  });

const record = async (): Promise<Cast> => {
  const stateFolder = await mkdtemp(join(tmpdir(), 'breakglass-'));
  const say = (line: string): void => console.error(line);
  const stack = await startStack({ stateFolder, durable: false, progress: say });
  try {
    await provision(stack.cli, 'acme-eu', people, say);
    const events: Event[] = [];
    let now = 0;
    const show = (after: number, text: string): void => {
      now += after;
      events.push([Number(now.toFixed(3)), 'o', text]);
    };
    for (const { sentence, before = [], typed } of story) {
      for (const [who = '', ...args] of before) await mustRun(stack.cli, who, ...args);
      show(0.5, `${events.length === 0 ? '' : '\r\n'}\u001b[2m# ${sentence}\u001b[0m\r\n`);
      show(1, `\u001b[1m${typed.who} $\u001b[0m `);
      for (const key of typed.lines.join('\n')) show(pace.key, key === '\n' ? '\r\n' : key);
      show(0.3, '\r\n');
      let last = 0;
      let rows = 0;
      for (const [at, text] of await runInTerminal(typed, stateFolder)) {
        show(Math.min(at - last, pace.longest), text);
        last = at;
        rows += text.split('\n').length - 1;
      }
      now += rows * pace.row;
    }
    return {
      header: { version: 2, width, height, title: 'One case: asked for, agreed to, opened, ended, replaced' },
      events,
    };
  } finally {
    await stack.stop();
    await Promise.all([stack.servers.ours.destroy(), stack.servers.kratosDatabase.destroy()]);
    await rm(stateFolder, { recursive: true, force: true });
  }
};

const cast = await record();
const file = join(root, 'docs', 'recording', 'case');
await writeFile(`${file}.cast`, writeCast(cast));
await writeFile(`${file}.svg`, drawCast(cast));
console.error(`${file}.cast and .svg: ${cast.events.at(-1)?.[0] ?? 0} s`);
process.exit(0);
