import { reachedIn, type Thing } from '../../../test/chaos/floors.ts';
import {
  band,
  failuresOf,
  faultKinds,
  isWithin,
  shareOf,
  totalOf,
  type Tallies,
} from '../../../test/chaos/tally.ts';
import { faultKinds as brokenKinds, type Fault } from '../../../test/chaos/real/plan.ts';
import type { Had } from '../../../test/chaos/real/recovery.ts';
import { rounded, type Proof } from '../../figure.ts';

const figures: Readonly<Record<Thing, readonly [figure: string, unit: string]>> = {
  '1 no secret in the clear': ['credentials × texts searched', 'searches'],
  '2 always a way in': ['looks at the way in', 'looks'],
  '3 every login rings, once recorded': ['logins × channels listened to', 'bells'],
  '3 an undeclared login rings again': ['logins that nobody claimed', 'logins'],
  '4 nothing owed is lost': ['cases that owed something', 'cases'],
  '4 every message reaches its channels': ['messages × their channels', 'ways'],
  '5 nobody alone, nothing forged': ["people's decisions verified", 'rows'],
  '6 the chain holds, rows once': ['rows hashed again', 'rows'],
  '6 no effect without its row': ['workflows asked what they believe', 'copies'],
  secrets: ['credentials that were set', 'secrets'],
  said: ['errors and logs among the texts', 'texts'],
  taken: ['messages and alarms a channel took', 'messages'],
};

/** How much each checker looked at, against what a run of this size must have had. */
export const tellJudged = (report: Proof['report'], ...run: Parameters<typeof reachedIn>): void => {
  for (const { thing, had, least } of reachedIn(...run)) {
    const [figure, unit] = figures[thing];
    report({
      ...{ figure: `  ${figure}`, value: had, unit, bare: null, floor: `${least} of ${run[1].cases} cases` },
      ok: had >= least,
    });
  }
};

const percent = (share: number): number => rounded(100 * share);

/** How many calls of adapters failed, and how, against how many were to. @param rate - from 0 to 1 */
export const tellCalls = (report: Proof['report'], calls: Tallies, rate: number): void => {
  const all = totalOf(calls);
  const { least, most } = band(rate);
  const floor = `${percent(least)} to ${percent(most)} %`;
  report({
    ...{ figure: '  calls of adapters', value: all.calls, unit: 'calls', bare: null, floor: null },
    ok: all.calls > 0,
  });
  report({
    ...{ figure: `  failed calls: ${failuresOf(all)}`, value: percent(shareOf(all)), unit: '%', bare: null },
    ...{ floor, ok: isWithin(shareOf(all), rate) },
  });
  for (const kind of faultKinds)
    report({
      figure: `    ${kind} the effect: ${all.failed[kind]}, of ${Math.round(all.sixths[kind] / 6)} that could`,
      ...{ value: percent(shareOf(all, kind)), unit: '%', bare: null, floor },
      ok: isWithin(shareOf(all, kind), rate),
    });
};

/** Whether every kind of fault was planned and had, each as often as it was planned. */
export const tellHad = (
  report: Proof['report'],
  plan: readonly Fault[],
  had: readonly Pick<Had, 'fault'>[],
): void => {
  const floor = `${plan.length}`;
  report({
    ...{ figure: '  faults had', value: had.length, unit: 'faults', bare: null, floor },
    ok: had.length === plan.length,
  });
  for (const kind of brokenKinds) {
    const planned = plan.filter((each) => each.kind === kind).length;
    const times = had.filter(({ fault }) => fault.kind === kind).length;
    report({
      ...{ figure: `  ${kind}`, value: times, unit: 'times', bare: null, floor: `${Math.max(1, planned)}` },
      ok: planned > 0 && times === planned,
    });
  }
};
