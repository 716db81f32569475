import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/**
 * Says which process a process id means right now, so that a pid written down earlier is never mistaken
 * for a stranger that got the same number later.
 *
 * @param pid - a process id
 * @returns a string that stays the same for the life of that process and differs for any later process with
 *   the same number; nothing when no such process runs (a zombie does not run)
 * @see proc_pid_stat(5), field 22 (start time in ticks since boot); elsewhere `ps -o lstart`
 */
export async function processIdentity(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') return linuxIdentity(pid);
  // The command line would change when a shell execs its program; the start time does not.
  const printed = await promisify(execFile)('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
    env: { PATH: process.env['PATH'] ?? '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' },
  }).catch(() => undefined);
  const [state = '', ...started] = (printed?.stdout ?? '').trim().split(/\s+/);
  return state === '' || state.startsWith('Z') ? undefined : started.join(' ');
}

async function linuxIdentity(pid: number): Promise<string | undefined> {
  try {
    const [stat, bootId] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    ]);
    // The second field is the program's name in brackets and may itself hold spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const state = fields[0];
    const startTime = fields[19];
    if (state === 'Z' || state === 'X' || startTime === undefined) return undefined;
    return `${bootId.trim()}:${startTime}`;
  } catch {
    return undefined;
  }
}
