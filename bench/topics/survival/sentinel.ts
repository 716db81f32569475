import { forge } from '../../../test/survival/checks/forgedHooks.ts';
import * as checks from '../../../test/survival/checks/sentinel.ts';
import { silence, strand, type Silenced } from '../../../test/survival/checks/silence.ts';
import type { Trace } from '../../../test/survival/checks/trace.ts';
import { startWatched, type Watched } from '../../../test/survival/checks/watched.ts';
import type { Proof } from '../../figure.ts';

/** Milliseconds within which a login rings. */
const most = 3_000;

/** Whether each place tells of a login exactly once. */
const isOnce = ({ rows, accepted, rung, sightings, events }: Trace): boolean =>
  new Set(rows).size === rows.length &&
  accepted.join() === 'incident-slack,security-topic' &&
  Object.values(rung).every((times) => times === 1) &&
  sightings === 1 &&
  events === 1;

/** How often each channel that was up rang, the rows, the cases. */
const told = ({ rung, rows, cases }: Trace & { readonly cases: number }): string =>
  `${Object.values(rung).join(' and ')}, ${rows.length}, ${cases}`;

const asFigure = ({ toRingMs, called, rung }: Silenced) => ({
  ...{ value: toRingMs, unit: 'ms', bare: null, floor: 'once; monitor not called' },
  ok: called.before > 0 && called.meanwhile === 0 && Object.values(rung).every((times) => times === 1),
});

const proveOutages = async (watched: Watched, { report, say }: Proof): Promise<void> => {
  const { temporalDown, postgresDown, bothDown, topicDown } = checks;
  for (const outage of [temporalDown, postgresDown, bothDown, topicDown]) {
    say(`a login without ${outage.name}`);
    const it = await checks.outlive(watched, outage);
    report({
      ...{ figure: `to alarm with ${outage.name} down`, value: it.toAlarmMs, unit: 'ms', bare: null },
      ...{ floor: `at most ${most}, while down`, ok: it.toAlarmMs <= most && it.rangMeanwhile.length > 0 },
    });
    report({
      ...{ figure: '  back: alarms, rows, cases', value: told(it), unit: '' },
      ...{ bare: null, floor: 'once, a row a factor, one', ok: isOnce(it) && it.rows.length === 2 },
    });
    report({
      ...{ figure: '  rang as undeclared', value: it.unclaimed, unit: 'times', bare: null },
      ...{ floor: 'once, one case', ok: it.unclaimed === 1 && it.cases === 1 },
    });
  }
};

/** Every login rings: with our own servers away, with its hook lost, with the sentinel killed; forgeries do not. */
export const proveSentinel = async (proof: Proof): Promise<void> => {
  const { report, say } = proof;
  const watched = await startWatched(say);
  try {
    await proveOutages(watched, proof);
    const found = await checks.loseHook(watched);
    report({
      ...{ figure: 'hook lost: found by the sweep', value: found.toAlarmMs / 1000, unit: 's', bare: null },
      ...{ floor: 'once, sweep every 2 s', ok: isOnce(found) && found.saysSo },
    });
    const killed = await checks.killBeforeRow(watched);
    report({
      ...{ figure: 'sentinel killed before the row', value: killed.rows.length, unit: 'rows', bare: null },
      ...{ floor: 'one, rang once', ok: isOnce(killed) && killed.rows.length === 1 },
    });
    const { statuses, changed, rows, alarms, warned } = await forge(watched);
    report({
      ...{ figure: 'forged hooks', value: statuses.join(' '), unit: 'status', bare: null },
      floor: 'nothing changed, 3 warnings',
      ok: changed.length + rows + alarms === 0 && warned.length === 3,
    });
    const { loggedOut, stopped } = await checks.endBoth(watched);
    report({
      ...{ figure: 'logouts nobody declared, of 1 and 1 stopped', value: loggedOut + stopped, unit: 'rows' },
      ...{ bare: null, floor: 'the 1', ok: loggedOut === 1 && stopped === 0 },
    });
    for (const name of ['worker', 'sentinel'] as const) {
      const silenced = await silence(watched, name);
      report({ figure: `${name} killed: the other rings`, ...asFigure(silenced) });
    }
    for (const server of ['temporal', 'postgres'] as const) {
      const stranded = await strand(watched, server);
      report({
        figure: `${server} stopped: the sentinel rings for the worker`,
        ...asFigure(stranded),
      });
    }
  } finally {
    await watched.remove();
  }
};
