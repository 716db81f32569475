import { parseArgs } from 'node:util';
import { failure } from './failures.ts';

/** What `npm start` was asked for. */
export interface Flags {
  readonly help: boolean;
  /** End after the drill. */
  readonly once: boolean;
  readonly reset: boolean;
  /** Delete without asking. */
  readonly yes: boolean;
  /** The api's port; any that is free when undefined. */
  readonly apiPort: number | undefined;
}

export const help = `npm start -- [--once] [--api-port PORT] [--reset [--yes]]

Starts everything on this machine, and plays one drill on the first start.

  --once           play a drill and end after it
  --api-port PORT  the api listens there (1024 to 65535); on the first start only
  --reset          delete the state of earlier starts, and begin afresh: asks first
  --yes            with --reset: do not ask

BREAKGLASS_STATE   where the state lies
BREAKGLASS_CACHE   where the servers' programs lie
docs/installing.md has every line that a failed start prints, and its exit code.`;

/**
 * @param args - what follows `npm start --`
 * @throws SetUpFailure when they are not what {@link help} says
 */
export const flagsOf = (args: readonly string[]): Flags => {
  const wrong = (what: string): Error => failure('usage', { what });
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        once: { type: 'boolean', default: false },
        reset: { type: 'boolean', default: false },
        yes: { type: 'boolean', default: false },
        'api-port': { type: 'string' },
      },
    });
    const { 'api-port': port, ...rest } = values;
    const apiPort = port === undefined ? undefined : Number(port);
    if (apiPort !== undefined && !(Number.isInteger(apiPort) && apiPort >= 1024 && apiPort <= 65535))
      throw wrong(`--api-port wants a port from 1024 to 65535, not ${port ?? ''}`);
    if (rest.yes && !rest.reset) throw wrong('--yes belongs to --reset');
    return { ...rest, apiPort };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // The first sentence says what; those that follow are about programs with positional arguments.
    throw wrong(error.message.split('. ')[0] ?? error.message);
  }
};
