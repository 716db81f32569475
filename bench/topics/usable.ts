import type { Section } from '../figure.ts';
import { proveConfig } from './usable/config.ts';
import { proveTemporal } from './usable/temporal.ts';

/**
 * Issue “usable at three in the morning, and on the first evening”. Each section is a file of its own in `usable/`.
 */
export const sections: readonly Section[] = [
  { name: 'config', prove: proveConfig },
  { name: 'temporal', prove: proveTemporal },
];
