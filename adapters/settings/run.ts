import { SettingsError } from './faults.ts';
import { createLog } from './log.ts';

/** `EX_CONFIG` of sysexits(3): starting again changes nothing, and supervisors can be told so. */
export const WRONG_SETTINGS = 78;

/**
 * Runs a process. Wrong settings end it with a line each on stderr and exit code 78; whatever else keeps it from
 * starting, with a line in its log and exit code 1.
 */
export const runProcess = async (
  name: 'worker' | 'sentinel' | 'api',
  main: () => Promise<void>,
): Promise<void> => {
  try {
    await main();
  } catch (error) {
    if (error instanceof SettingsError) process.stderr.write(`breakglass ${name}: ${error.message}\n`);
    else createLog(name).fatal({ err: error }, `the ${name} ended`);
    process.exit(error instanceof SettingsError ? WRONG_SETTINGS : 1);
  }
};
