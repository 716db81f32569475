/** Who can be expected to answer at this hour, as far as the config knows where people live. */
import type { Config } from '../../core/contracts/config.ts';
import type { PersonId } from '../../core/contracts/ids.ts';

/** From when to when, in full hours of their own time, people are taken to be awake. */
const AWAKE = { from: 7, until: 23 } as const;

/** The time on a person's wall, such as `03:10`; null where the config, or this machine, does not know the zone. */
const wallClock = (timezone: string | undefined, now: string): string | null => {
  if (timezone === undefined) return null;
  try {
    return new Intl.DateTimeFormat('en-GB', {
      hour: '2-digit',
      minute: '2-digit',
      timeZone: timezone,
    }).format(new Date(now));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
};

const isAwakeAt = (clock: string): boolean => {
  const hour = Number(clock.slice(0, 2));
  return hour >= AWAKE.from && hour < AWAKE.until;
};

/**
 * One sentence about these people; it claims no more than the clock does.
 *
 * @param now - UTC
 */
export const whoIsAwake = (config: Config, people: readonly PersonId[], now: string): string => {
  const clocks = people.map((id) => ({ id, clock: wallClock(config.people[id]?.timezone, now) }));
  const at = (wanted: boolean): string[] =>
    clocks.flatMap(({ id, clock }) =>
      clock !== null && isAwakeAt(clock) === wanted
        ? [wanted ? `${id} (${clock})` : `${clock} for ${id}`]
        : [],
    );
  const unknown = clocks.filter(({ clock }) => clock === null).map(({ id }) => id);
  if (unknown.length === people.length) return 'the config does not say what time it is for them';
  return [
    `awake now, by the hour: ${at(true).join(', ') || 'nobody'}`,
    ...(at(false).length === 0 ? [] : [`it is ${at(false).join(', ')}`]),
    ...(unknown.length === 0 ? [] : [`no time zone in the config: ${unknown.join(', ')}`]),
  ].join('; ');
};
