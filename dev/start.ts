/**
 * `npm start`: the whole system on this machine, with one drill on its first start. `npm start -- --help` says
 * what it can be asked for, `docs/installing.md` how it fails.
 */
import { endAll } from './processes.ts';
import { failure, interruptedExit } from './setUp/failures.ts';
import { flagsOf, help, type Flags } from './setUp/flags.ts';
import { checkMachine, checkSpace } from './setUp/machine.ts';
import { resetState } from './setUp/reset.ts';
import { checkVersions, holdState, stateFolderOf, type HeldState } from './setUp/state.ts';
import { tell } from './setUp/tell.ts';

const say = (line: string): void => {
  console.log(`${new Date().toISOString().slice(11, 19)}  ${line}`);
};

/** npm passes on the Ctrl-C that the terminal has sent to everybody: both are one. */
const sameMs = 1_000;

/** Resolves at the first Ctrl-C, or when the terminal is closed; another one later ends this process at once. */
const untilInterrupted = (): Promise<void> =>
  new Promise((resolve) => {
    let first: number | undefined;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => {
        const now = performance.now();
        if (first !== undefined && now - first > sameMs) process.exit(interruptedExit);
        first ??= now;
        resolve();
      });
  });

let state: HeldState | undefined;

const start = async (flags: Flags, ended: Promise<void>, onUp: () => void): Promise<boolean> => {
  const folder = stateFolderOf();
  await checkMachine();
  say(`state in ${folder}`);
  state = await holdState(folder, say);
  const asking = { stdin: process.stdin, stderr: process.stderr };
  if (flags.reset) state = await resetState(state, { isSure: flags.yes, asking, progress: say });
  await checkSpace(folder);
  await checkVersions(state);
  // Loaded only now, since it takes seconds, and what was looked at until here says at once what is wrong.
  const { runDemo } = await import('./stack/demo.ts');
  return runDemo({ stateFolder: folder, apiPort: flags.apiPort, once: flags.once, ended, onUp, say });
};

/** @returns the exit code */
const main = async (): Promise<number> => {
  // The AWS SDK's next version wants a newer Node than the oldest we support; nobody here has to act on it.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  const flags = flagsOf(process.argv.slice(2));
  if (flags.help) {
    console.log(help);
    return 0;
  }
  let isUp = false;
  const ended = untilInterrupted();
  const interrupted = ended.then(async () => {
    if (!isUp) throw failure('interrupted', {});
    return new Promise<never>(() => undefined);
  });
  const held = await Promise.race([start(flags, ended, () => (isUp = true)), interrupted]);
  return held ? 0 : 1;
};

const exit = await main().catch(tell);
if (state !== undefined) {
  say('stopping');
  await endAll().catch((error: unknown) => console.error(error));
  await state.release();
}
// At once: what a broken-off start was still waiting for must not keep it.
process.exit(exit);
