import { readFileSync } from 'node:fs';

/** What is written to the disk when a process crashes holds all its memory, secrets too. */
const limitsFile = '/proc/self/limits';

/**
 * Refuses to go on in a process that could leave a core dump. Node cannot set the limit for itself, so whoever
 * starts the process does: `ulimit -c 0` in a shell, `LimitCORE=0` in a systemd unit, `--ulimit core=0` for a
 * container.
 *
 * A system without `/proc` cannot be asked and is let pass.
 *
 * @param readLimits - the text of `/proc/self/limits`, or null where there is none
 * @throws Error saying what to set
 */
export const refuseCoreDumps = (readLimits: () => string | null = ownLimits): void => {
  const limit = /^Max core file size\s+(\S+)/m.exec(readLimits() ?? '')?.[1];
  if (limit === undefined || limit === '0') return;
  throw new Error(
    `this process could leave a core dump with secrets in it (limit ${limit}): start it with ulimit -c 0, or LimitCORE=0 in its systemd unit`,
  );
};

const ownLimits = (): string | null => {
  try {
    return readFileSync(limitsFile, 'utf8');
  } catch {
    return null;
  }
};
