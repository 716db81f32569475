import type { Section } from '../figure.ts';
import { proveCanary } from './survival/canary.ts';
import { proveChaos } from './survival/chaos.ts';
import { proveDoors } from './survival/doors.ts';
import { proveFast } from './survival/fast.ts';
import { proveLedger } from './survival/ledger.ts';
import { proveObligations } from './survival/obligations.ts';
import { proveRotation } from './survival/rotation.ts';
import { proveSentinel } from './survival/sentinel.ts';
import { proveSkipping } from './survival/skipping.ts';
import { proveUndeclared } from './survival/undeclared.ts';
import { proveWatchdog } from './survival/watchdog.ts';

/**
 * Issue “it survives: nothing owed is lost, no way in is lost, no login goes unheard”. Each section is a file of
 * its own in `survival/`.
 */
export const sections: readonly Section[] = [
  { name: 'fast', prove: proveFast },
  { name: 'skipping', prove: proveSkipping },
  { name: 'chaos', prove: proveChaos },
  { name: 'watchdog', prove: proveWatchdog },
  { name: 'ledger', prove: proveLedger },
  { name: 'canary', prove: proveCanary },
  { name: 'rotation', prove: proveRotation },
  { name: 'doors', prove: proveDoors },
  { name: 'undeclared', prove: proveUndeclared },
  { name: 'obligations', prove: proveObligations },
  { name: 'sentinel', prove: proveSentinel },
];
