import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { writeWhole } from '../../adapters/wholeFile.ts';
import { checkpoint as checkpointSchema, signedCheckpoint } from '../../core/contracts/checkpoint.ts';
import type { Checkpoint, SignedCheckpoint } from '../../core/contracts/checkpoint.ts';
import type { Seen } from '../../core/evidence/checkpoint.ts';
import { isTree, rootOf } from '../../core/evidence/merkle.ts';

/** The last checkpoint that this worker signed, and the tree to go on from. */
export interface Kept {
  readonly signed: SignedCheckpoint;
  readonly checkpoint: Checkpoint;
  readonly seen: Seen;
}

const keptFile = z.strictObject({
  v: z.literal(1),
  signed: signedCheckpoint,
  frontier: z.array(z.string()).max(64),
});

/**
 * Reads what the worker kept.
 *
 * @returns null before the first checkpoint
 * @throws Error when the file is there and holds no checkpoint
 */
export const readKept = async (file: string): Promise<Kept | null> => {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  try {
    const { signed, frontier } = keptFile.parse(JSON.parse(text));
    const checkpoint = checkpointSchema.parse(JSON.parse(signed.checkpoint));
    const tree = { size: checkpoint.size, frontier };
    if (!isTree(tree) || rootOf(tree) !== checkpoint.root)
      throw new Error('its tree is not the checkpoint’s');
    return { signed, checkpoint, seen: { head: { seq: checkpoint.size, hash: checkpoint.head }, tree } };
  } catch {
    throw new Error(`${file} is damaged: it holds no checkpoint that could be gone on from`);
  }
};

/** Keeps a checkpoint, on the disk before it answers: a worker that was killed has the old one or the new one. */
export const writeKept = (file: string, signed: SignedCheckpoint, { tree }: Seen): Promise<void> =>
  writeWhole(file, `${JSON.stringify({ v: 1, signed, frontier: tree.frontier })}\n`);
