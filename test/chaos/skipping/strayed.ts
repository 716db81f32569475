import { isDeclared } from '../../../core/rules/case/state.ts';
import { caseEventsIn } from '../../../core/rules/streams.ts';
import type { Evidence } from '../evidence.ts';
import { createStates } from '../states.ts';
import type { SkippingRun } from './play.ts';
import { wayOf, ways } from './ways.ts';

/** Promise 4, on a clock that really runs: each case went the way it was to go, its deadlines having come by themselves. */
export const strayedIn = (
  run: Pick<SkippingRun, 'seed' | 'cases'>,
  { account, rows }: Pick<Evidence, 'account' | 'rows'>,
): string[] => {
  const { cases } = createStates(account, rows)();
  const beside = cases.filter((each) => !isDeclared(each)).flatMap((each) => caseEventsIn(rows, each.case));
  return cases.filter(isDeclared).flatMap((each, nth) => {
    const name = wayOf(run, nth);
    const isOfIt = ways[name].shows(caseEventsIn(rows, each.case), beside);
    return isOfIt ? [] : [`${each.case} did not go its way: ${name}`];
  });
};
