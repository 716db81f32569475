/** A clock for worker and sentinel that can be set wrong while they run. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeWhole } from '../../dev/cache.ts';
import type { Stack } from '../../dev/stack/index.ts';

const processes = ['worker', 'sentinel'] as const;

/** Made before the stack, which is started with its `nodeArguments`. Every other process and server keeps its own. */
export const createSteppedClock = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'breakglass-clock-'));
  const file = join(folder, 'seconds');
  const preload = new URL('./steppedClockPreload.js', import.meta.url);
  preload.searchParams.set('file', file);
  const withPreload = ['--import', preload.href];
  return {
    nodeArguments: { worker: withPreload, sentinel: withPreload },
    /** @param ahead - seconds from the right time */
    set: (ahead: number) => writeWhole(file, String(ahead)),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
};
export type SteppedClock = Awaited<ReturnType<typeof createSteppedClock>>;

/** By how many seconds each of them last said that its machine's clock is off; 0 when it never did. */
export const noticed = ({ running }: Stack): Promise<number[]> =>
  Promise.all(
    processes.map(async (name) => {
      const file = running.get(name)?.logFile;
      const log = file === undefined ? '' : await readFile(file, 'utf8');
      return Number([...log.matchAll(/"aheadSeconds":(-?\d+)/g)].at(-1)?.[1] ?? 0);
    }),
  );
