import type { Recorded } from '../core/contracts/events.ts';

/** What activities report: rows this workflow has not absorbed, and who else must hear of them. */
interface News<Event> {
  readonly seq: number;
  readonly events: readonly Recorded<Event>[];
  readonly wakes: readonly string[];
}

/**
 * A workflow's copy of its stream: every event once, in the ledger's order,
 * whichever handler brought it.
 */
export const createBook = <State, Event>(
  initial: State,
  evolve: (state: State, event: Event) => State,
  from = 0,
) => {
  let state = initial;
  let seq = from;
  const wakes = new Set<string>();
  return {
    get state(): State {
      return state;
    },
    /** The last row absorbed. */
    get seq(): number {
      return seq;
    },
    absorb(news: News<Event>): void {
      const fresh = news.events.filter((each) => each.seq > seq);
      state = fresh.reduce((before, each) => evolve(before, each.event), state);
      seq = Math.max(seq, news.seq);
      for (const id of news.wakes) wakes.add(id);
    },
    /** The workflows to be woken since this was last asked. */
    takeWakes(): string[] {
      const taken = [...wakes];
      wakes.clear();
      return taken;
    },
    /** Whether somebody waits to be woken. */
    owesWakes: (): boolean => wakes.size > 0,
  };
};
