import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Progress } from '../cache.ts';
import { startStack, type Stack } from './index.ts';
import { cast, playCase, provision } from './play.ts';
import { checkPromises } from './promises.ts';
import { rowsOf, timesOf } from './times.ts';

const account = 'acme-eu';

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

/** Provisions the demo account, plays the drill, and prints what it took and what held. */
const playDrill = async (stack: Stack, say: Progress): Promise<boolean> => {
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
  // Paths may hold spaces.
  const home = `'${join(state, 'people', 'maya').replaceAll("'", String.raw`'\''`)}'`;
  console.log('\nRunning');
  console.log(`  api             ${origin}   (what it offers: ${origin}/openapi.json)`);
  console.log(`  temporal        ${servers.temporal.address}`);
  console.log(`  kratos          ${servers.kratos.publicUrl} (admin ${servers.kratos.adminUrl})`);
  console.log(`  slack receiver  ${servers.slack.messagesUrl}`);
  console.log(`  state           ${state}`);
  console.log('\nNext, in another terminal');
  console.log(`  export BREAKGLASS_HOME=${home}`);
  console.log('  node dist/breakglass.mjs cases');
  console.log('  node dist/breakglass.mjs request acme-eu --help');
};

/**
 * Starts everything, plays the drill of a first start, and stays up until told to end.
 *
 * @param options.once - end after a drill, whether the first or not
 * @param options.ended - resolves when everything is to be stopped
 * @returns true when every promise that a drill touched held, or none was played
 */
export const runDemo = async (options: {
  readonly stateFolder: string;
  readonly apiPort: number | undefined;
  readonly once: boolean;
  readonly ended: Promise<void>;
  readonly onUp: () => void;
  readonly say: Progress;
}): Promise<boolean> => {
  const { stateFolder, apiPort, once, say } = options;
  const stack = await startStack({ stateFolder, apiPort, progress: say });
  const drilled = join(stateFolder, 'drilled');
  const wasDrilled = await access(drilled).then(
    () => true,
    () => false,
  );
  let held = true;
  if (stack.isFirstStart || once) {
    held = await playDrill(stack, say);
    await writeFile(drilled, '');
  } else if (!wasDrilled) {
    say('the first start was ended before its drill was; npm start -- --reset begins afresh');
  }
  if (once) return held;
  printAddresses(stack);
  console.log('\nCtrl-C stops everything.');
  options.onUp();
  await options.ended;
  return held;
};
