/** Instants as a person half asleep reads them: how long ago, how long is left. */
import { when } from './printable.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time in one unit, rounded down: a countdown must never promise more than there is. */
const spoken = (milliseconds: number): string => {
  if (milliseconds < 2 * MINUTE) return `${Math.floor(milliseconds / 1000)} s`;
  if (milliseconds < 2 * HOUR) return `${Math.floor(milliseconds / MINUTE)} min`;
  if (milliseconds < 2 * DAY) return `${Math.floor(milliseconds / HOUR)} h`;
  return `${Math.floor(milliseconds / DAY)} d`;
};

/** An instant as seen from `now`: `in 28 min`, `3 h ago`. */
const relative = (instant: string, now: string): string => {
  const ahead = Date.parse(instant) - Date.parse(now);
  return ahead >= 0 ? `in ${spoken(ahead)}` : `${spoken(-ahead)} ago`;
};

/** How long is left until a deadline: `28 min left`, `late by 3 h`. Both UTC. */
export const left = (deadline: string, now: string): string => {
  const ahead = Date.parse(deadline) - Date.parse(now);
  return ahead >= 0 ? `${spoken(ahead)} left` : `late by ${spoken(-ahead)}`;
};

/**
 * An instant in UTC, in local time and as seen from `now`, together.
 *
 * @param zone - by default this machine's
 */
export const moment = (instant: string, now: string, zone?: string): string =>
  `${when(instant, zone)}, ${relative(instant, now)}`;
