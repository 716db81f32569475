import type { Evidence, Login } from '../evidence.ts';
import type { Verdict } from './verdict.ts';

const sightedIn = ({ rows }: Evidence, { sighting }: Login): number =>
  rows.filter(
    ({ action, metadata }) =>
      action === 'break_glass_login' &&
      (metadata.events ?? []).some(
        ({ event }) => event.type === 'session-sighted' && event.sighting.id === sighting,
      ),
  ).length;

/** Whether it rang as undeclared though a rotation had recorded it as its own. */
const wasOurs = ({ rows }: Evidence, { session, sighting }: Login): boolean => {
  const events = rows.flatMap((row) => (row.metadata.events ?? []).map(({ event }) => event));
  const recorded = events.findIndex(
    (event) => event.type === 'session-recorded' && event.session === session,
  );
  const rang = events.findIndex((event) => event.type === 'session-unclaimed' && event.sighting === sighting);
  const matched = events.findIndex(
    (event) =>
      event.type === 'session-sighted' &&
      event.sighting.id === sighting &&
      event.sighting.session === session,
  );
  // An attempt killed between its login and the row leaves a login nobody can know to be ours; neither can
  // anybody before Kratos has told which session it was.
  return recorded >= 0 && matched >= 0 && rang > Math.max(recorded, matched);
};

/** Promise 3: every login rang under its one id on every security channel, and left its rows; none that was not. */
export const loginsUnheard = (evidence: Evidence): Verdict => {
  const { logins, rows, taken, config, isSettled } = evidence;
  const wrong = logins.flatMap((login) => {
    const id = `alarm/${login.sighting}`;
    const alarms = rows.filter((row) => row.key === id).length;
    const deaf = config.security.channels.filter(
      (channel) => !taken.some((each) => each.id === id && each.channel === channel),
    );
    const missed = rows.filter(({ metadata }) =>
      (metadata.events ?? []).some(
        ({ event }) => event.type === 'session-unclaimed' && event.sighting === login.sighting,
      ),
    ).length;
    return [
      ...(deaf.length > 0 ? [`${id} did not ring on ${deaf.join(', ')}`] : []),
      ...(alarms === 1 ? [] : [`${id} has ${alarms} rows`]),
      ...(sightedIn(evidence, login) > 0 ? [] : [`${login.sighting} left no row of the login`]),
      ...(missed > 1 ? [`${login.sighting} rang ${missed} times for being unclaimed`] : []),
      ...(wasOurs(evidence, login) ? [`${login.sighting} was a rotation's own and rang as undeclared`] : []),
    ];
  });
  const known = new Set(logins.map(({ sighting }) => sighting));
  const invented = rows.flatMap((row) =>
    (row.metadata.events ?? []).flatMap(({ event }) =>
      event.type === 'session-sighted' && !known.has(event.sighting.id)
        ? [`row ${row.seq} tells of a login that never was`]
        : [],
    ),
  );
  return isSettled
    ? { wrong: [...wrong, ...invented], looked: logins.length * config.security.channels.length }
    : { wrong: invented, looked: 0 };
};

/** Every login that nobody claimed rings again, once the time to claim it is over. */
export const unclaimedUnheard = ({ logins, rows, isSettled }: Evidence): Verdict => {
  const events = rows.flatMap((row) => (row.metadata.events ?? []).map(({ event }) => event));
  const claimed = new Set(
    events.flatMap((event) =>
      event.type === 'session-claimed' || event.type === 'session-recorded' ? [event.session] : [],
    ),
  );
  const rung = new Set(
    events.flatMap((event) => (event.type === 'session-unclaimed' ? [event.sighting] : [])),
  );
  const unclaimed = logins.filter(({ session }) => isSettled && !claimed.has(session));
  return {
    looked: unclaimed.length,
    wrong: unclaimed
      .filter(({ sighting }) => !rung.has(sighting))
      .map(({ sighting }) => `${sighting} was claimed by nobody and did not ring for it`),
  };
};
