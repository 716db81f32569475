/** Small helpers over bytes. */

/** Gives that many unpredictable bytes: `randomBytes` of node:crypto, or fixed ones in a test. */
export type RandomBytes = (length: number) => Uint8Array;

/**
 * Overwrites buffers that held a secret. Best effort: the runtime may have moved or copied their bytes, and
 * strings made of them stay until collected.
 */
export function wipe(...buffers: readonly Uint8Array[]): void {
  for (const buffer of buffers) buffer.fill(0);
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** Base64 with padding, refusing every second spelling of the same bytes; undefined if it is none. */
export function fromBase64(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}
