import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const isOn = (): boolean => {
  try {
    const [, limit = '0'] =
      /^Max core file size\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return limit !== '0';
  } catch {
    // A system without /proc cannot be asked.
    return false;
  }
};

/**
 * Keeps a crash of this process, and of what it starts, from writing its memory to the disk: a command may hold a
 * secret. Node cannot set the limit for itself, so util-linux's `prlimit` does. Nobody is turned away over it: whoever
 * types here has an emergency.
 *
 * @returns whether a core dump is out of the question now, as far as the system tells
 */
export const endCoreDumps = (): boolean => {
  if (!isOn()) return true;
  spawnSync('prlimit', ['--pid', String(process.pid), '--core=0'], { stdio: 'ignore', timeout: 2_000 });
  return !isOn();
};
