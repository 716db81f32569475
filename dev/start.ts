/** `npm start`: the whole system on this machine, with one drill on its first start. `--once` ends after it. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startStack, type Stack } from './stack/index.ts';
import { cast, playCase, provision } from './stack/play.ts';
import { checkPromises } from './stack/promises.ts';
import { rowsOf, timesOf } from './stack/times.ts';

const account = 'acme-eu';

const say = (line: string): void => {
  console.log(`${new Date().toISOString().slice(11, 19)}  ${line}`);
};

const stateFolder = (): string =>
  process.env['BREAKGLASS_STATE'] ??
  join(process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'breakglass');

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

/** Provisions the demo account, plays the drill, and prints what it took and what held. */
const playDrill = async (stack: Stack): Promise<boolean> => {
  const { cli } = stack;
  say('a drill on acme-eu: single sign-on is said to be down; every step through the real CLI');
  if (stack.isFirstStart) await provision(cli, account, cast, say);
  const played = await playCase({ ...stack, account, kind: 'drill', cast }, say);
  const times = timesOf(played, await rowsOf(cli, 'tomas', played.case));
  console.log('\nThe five times');
  console.log(`  to access  ${seconds(times.access)}   request admitted → aal2`);
  console.log(`  to alarm   ${seconds(times.alarm)}   Kratos's answer → first channel's acceptance`);
  console.log(`  to revoke  ${seconds(times.revoke)}   end signed → old session refused`);
  console.log(`  to rotate  ${seconds(times.rotate)}   end → new pair proven`);
  console.log(`  to closed  ${seconds(times.closed)}   request admitted → closed`);
  console.log('\nThe promises it touched');
  const checks = await checkPromises(stack, played);
  for (const { promise, holds, seen } of checks)
    console.log(`  ${holds ? 'held  ' : 'BROKEN'}  ${promise}: ${seen}`);
  return checks.every((each) => each.holds);
};

const printAddresses = ({ origin, servers, stateFolder: state }: Stack): void => {
  console.log('\nRunning');
  console.log(`  api             ${origin}   (what it offers: ${origin}/openapi.json)`);
  console.log(`  temporal        ${servers.temporal.address}`);
  console.log(`  kratos          ${servers.kratos.publicUrl} (admin ${servers.kratos.adminUrl})`);
  console.log(`  slack receiver  ${servers.slack.messagesUrl}`);
  console.log(`  state           ${state}`);
  console.log('\nNext, in another terminal');
  console.log(`  export BREAKGLASS_HOME=${join(state, 'people', 'maya')}`);
  console.log('  node dist/breakglass.mjs cases');
  console.log('  node dist/breakglass.mjs request acme-eu --help');
};

const untilInterrupted = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });

const main = async (): Promise<void> => {
  // The AWS SDK's next version wants a newer Node than the oldest we support; nobody here has to act on it.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';
  const { values } = parseArgs({ options: { once: { type: 'boolean', default: false } } });
  const interrupted = untilInterrupted();
  const state = stateFolder();
  say(`state in ${state}`);
  const stack = await startStack({ stateFolder: state, progress: say });
  try {
    let held = true;
    if (stack.isFirstStart || values.once) held = await playDrill(stack);
    if (!held) process.exitCode = 1;
    if (values.once) return;
    printAddresses(stack);
    console.log('\nCtrl-C stops everything.');
    await interrupted;
  } finally {
    say('stopping');
    await stack.stop();
  }
};

await main();
