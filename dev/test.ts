/**
 * `npm test`: the static checks, two at a time, then every test. Each check counts as one test, and the last line
 * of stdout is `N passed, N failed`.
 *
 * `npm test -- ARGUMENTS` leaves the checks out and hands the arguments to vitest: a file, `-t NAME`,
 * `--project unit`.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import { readSummaryLine, summaryLine, type Counts } from '../test/support/reporter.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const isTerminal = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;

/**
 * Scripts of package.json that judge the sources without running them, the slow ones first; before them the one that
 * gets the servers' programs, so that what is missing for that is said at once and in one line.
 */
const checks = ['programs', 'lint', 'typecheck', 'unused', 'format:check'] as const;

/** How long a child that has exited may go on holding its output before it is cut off. */
const patienceMs = 5_000;

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const paint = (style: 'green' | 'red' | 'bold', text: string): string =>
  isTerminal ? styleText(style, text) : text;

const running = new Set<ChildProcess>();

function start(command: string, args: readonly string[]): ChildProcess {
  const { NO_COLOR: _no, FORCE_COLOR: _force, ...rest } = process.env;
  const env = isTerminal ? { ...rest, FORCE_COLOR: '1' } : { ...rest, NO_COLOR: '1' };
  const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Waits for a child's end, but not for ever for what it started and left behind with its output open. */
async function endOf(child: ChildProcess): Promise<number> {
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (exit) => resolve(exit ?? 1));
  });
  await Promise.race([closed, sleep(patienceMs, undefined, { ref: false })]);
  child.stdout?.destroy();
  child.stderr?.destroy();
  return code;
}

/** Runs one check, says how it went, and shows its output when it failed. */
async function check(script: string): Promise<Counts> {
  const started = performance.now();
  const child = start('npm', ['run', '--silent', script]);
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output += text));
  const isPassed = (await endOf(child)) === 0;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  say(
    `${script.padEnd(13)} ${paint(isPassed ? 'green' : 'red', isPassed ? 'passed' : 'FAILED')} in ${seconds} s`,
  );
  if (!isPassed) say(output.trimEnd());
  return { passed: isPassed ? 1 : 0, failed: isPassed ? 0 : 1, skipped: 0 };
}

/** Runs all checks, two side by side. */
async function checkAll(): Promise<readonly Counts[]> {
  say(paint('bold', `checks: ${checks.join(', ')}`));
  const left: string[] = [...checks];
  const results: Counts[] = [];
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) results.push(await check(next));
  };
  await Promise.all([lane(), lane()]);
  return results;
}

/** Runs vitest and passes on what it prints, except its last line, which is the counts. */
async function runTests(args: readonly string[]): Promise<Counts> {
  say(paint('bold', `tests: vitest run ${['--allowOnly=false', ...args].join(' ')}`));
  const child = start(process.execPath, [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--allowOnly=false',
    ...args,
  ]);
  child.stderr?.pipe(process.stderr, { end: false });
  let held: Counts | undefined;
  if (child.stdout !== null)
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (held !== undefined) say(summaryLine(held));
      held = readSummaryLine(line);
      if (held === undefined) say(line);
    });
  const code = await endOf(child);
  if (held === undefined) {
    say(`vitest ended with ${code} before it had counted its tests`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
  if (code === 0 || held.failed > 0) return held;
  say(`vitest ended with ${code} though no test failed; see above`);
  return { ...held, failed: 1 };
}

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    for (const child of running) child.kill(signal);
    process.exitCode = 130;
  });

const args = process.argv.slice(2);
const results = [...(args.length === 0 ? await checkAll() : []), await runTests(args)];
const total = results.reduce((sum, each) => ({
  passed: sum.passed + each.passed,
  failed: sum.failed + each.failed,
  skipped: sum.skipped + each.skipped,
}));
if (total.failed > 0) process.exitCode = 1;
say(paint(total.failed > 0 ? 'red' : 'green', summaryLine(total)));
