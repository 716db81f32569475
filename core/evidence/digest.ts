import { createHash } from 'node:crypto';
import { isWellFormed } from '../contracts/canonical.ts';

/**
 * SHA-256 of bytes, or of a text's UTF-8, in lower-case hex.
 *
 * @throws TypeError if a text has a lone surrogate: UTF-8 would replace it, and two texts would share a digest
 */
export function sha256Hex(data: string | Uint8Array): string {
  if (typeof data === 'string' && !isWellFormed(data)) {
    throw new TypeError('cannot hash a text with a lone surrogate');
  }
  return createHash('sha256').update(data).digest('hex');
}
