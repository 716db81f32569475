/** Looking again and again: a terminal is redrawn, a pipe gets what has changed. */
import type { CaseView } from '../../core/contracts/http.ts';
import type { Context } from './context.ts';
import { CliError, exits } from './exits.ts';

/** What one look at the process gave. */
export interface Seen {
  /** For `--json`. */
  readonly value: unknown;
  readonly human: string;
  readonly waitingFor: CaseView['waitingFor'];
  /** Nothing more will change. */
  readonly isOver: boolean;
}

/** In milliseconds. */
const PAUSE = 2_000;

/**
 * Shows what `look` gives until nothing more will change. An api that is away for a while is waited for.
 *
 * @throws whatever `look` throws, but for an api out of reach after it has been reached once
 */
export const watch = async ({ out, surroundings }: Context, look: () => Promise<Seen>): Promise<void> => {
  let seen = await look();
  for (;;) {
    out.redraw(seen.value, seen.human);
    if (seen.isOver) return;
    await surroundings.sleep(PAUSE);
    try {
      seen = await look();
    } catch (error) {
      if (!(error instanceof CliError) || error.exit !== exits.unreachable) throw error;
      out.progress(`${error.message}: what is shown may be old; trying again`);
    }
  }
};
