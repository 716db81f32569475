import { createHmac, timingSafeEqual } from 'node:crypto';
import { canonicalize, type Json } from '../core/contracts/canonical.ts';

/** HMAC-SHA256 over a value's canonical JSON, under a tag that keeps one use from passing for another. */
export const macOf = (key: Uint8Array, tag: string, value: Json): Buffer =>
  createHmac('sha256', key)
    .update(canonicalize([tag, value]), 'utf8')
    .digest();

/** In constant time. */
export const isSameMac = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && timingSafeEqual(one, other);
