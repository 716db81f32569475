import { open } from 'node:fs/promises';
import { reasonOf, WitnessError } from './error.ts';

const NEWLINE = 0x0a;

/** Adds a line to a file, on the disk before it answers. A line that a crash cut short stays a line of its own. */
export const createFileWitness = ({ path }: { readonly path: string }) => ({
  /** @throws WitnessError */
  async send(line: string): Promise<void> {
    try {
      const file = await open(path, 'a+', 0o644);
      try {
        const { size } = await file.stat();
        const last = Buffer.alloc(1, NEWLINE);
        if (size > 0) await file.read(last, 0, 1, size - 1);
        await file.appendFile(`${last[0] === NEWLINE ? '' : '\n'}${line}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      throw new WitnessError(`${path}: ${reasonOf(error)}`);
    }
  },
  close: (): void => undefined,
});
