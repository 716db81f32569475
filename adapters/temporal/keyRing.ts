import { createSecretKey, type KeyObject } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';

/** The file as it is written. */
export const keyFile = z.strictObject({
  current: z.string().min(1).max(64),
  keys: z.record(z.string().min(1).max(64), z.base64()),
});

export type KeyFile = z.infer<typeof keyFile>;

/** The payload keys: one that encrypts, and older ones that still decrypt. */
export interface KeyRing {
  readonly current: string;
  readonly keys: ReadonlyMap<string, KeyObject>;
}

/**
 * Reads the payload keys from a file that only its owner may read.
 *
 * @throws Error when others may read the file, a key is not 256 bits, or the current one is missing
 */
export const loadKeyRing = (file: string): KeyRing => {
  if ((statSync(file).mode & 0o077) !== 0)
    throw new Error(`payload key file ${file} can be read by others: chmod 0400 it`);
  const { current, keys } = keyFile.parse(JSON.parse(readFileSync(file, 'utf8')));
  const ring = new Map<string, KeyObject>();
  for (const [id, text] of Object.entries(keys)) {
    const bytes = Buffer.from(text, 'base64');
    if (bytes.length !== 32)
      throw new Error(`payload key ${id} in ${file} has ${bytes.length} bytes, not 32`);
    ring.set(id, createSecretKey(bytes));
    bytes.fill(0);
  }
  if (!ring.has(current))
    throw new Error(`payload key file ${file} names ${current} as current but does not hold it`);
  return { current, keys: ring };
};
