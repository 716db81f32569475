/** A run on a system started for it, judged by the same checkers as the runs in memory, and by how fast it went on. */
import { startWhole } from '../../whole/stack.ts';
import { createRandom } from '../random.ts';
import { makeFlaky, type Flaky } from './flaky.ts';
import { judge, type Verdicts } from './judge.ts';
import { createMachines } from './machines.ts';
import { playReal, type PlayedReal, type RealRun } from './run.ts';

/** Short, so that a login which nobody claims rings while the run lasts. Seconds. */
const shortClaims = (yaml: string): string => `${yaml}\ndeadlines:\n  claim: 20\n`;

/** Starts the whole system in a folder of its own, plays, judges, and removes everything. */
export const playOnServers = async (
  run: RealRun,
  say: (line: string) => void,
): Promise<PlayedReal & Pick<Flaky, 'calls'> & { readonly cuts: number; readonly verdicts: Verdicts }> => {
  const whole = await startWhole({ progress: say, amend: shortClaims });
  const machines = createMachines(whole.stack, whole.account);
  let stopFlaky = (): Promise<void> => Promise.resolve();
  try {
    const { calls, cuts, stop } = await makeFlaky(
      whole.stack,
      machines,
      createRandom(run.seed).fork(),
      run.rate,
    );
    stopFlaky = stop;
    const played = await playReal(whole, machines, run, say);
    return { ...played, calls, cuts: cuts(), verdicts: judge(played, calls, run.rate) };
  } finally {
    // Ours first, so that none rings for the others' end; these servers' data goes with the stack.
    for (const each of whole.stack.running.values()) await each.stop();
    await stopFlaky();
    await machines.stop();
    await whole.remove();
  }
};
