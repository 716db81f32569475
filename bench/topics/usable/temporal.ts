import {
  documentedQueries,
  overdueOfQuarter,
  playVisible,
  summariesOf,
  type Visible,
} from '../../../test/workflows/visible.ts';
import type { Proof } from '../../figure.ts';

/** The documented lists, asked with Temporal's own command line of a real server, and what its console shows. */
const proveOn = async (it: Visible, { report, say }: Proof): Promise<void> => {
  const overdue = await overdueOfQuarter(it);
  say(`overdue of ${it.quarter}: ${overdue.join(', ')}; not: ${it.open}, ${it.denied}, ${it.earlier}`);
  report({
    ...{ figure: 'temporal workflow list: overdue of the quarter', value: overdue.length, unit: 'cases' },
    ...{ bare: null, floor: 'that one of four', ok: overdue.length === 1 && overdue[0] === it.overdue },
  });
  const lists = documentedQueries().filter(({ args }) => args[1] === 'list');
  for (const each of lists) {
    const { length } = await it.found(each);
    report({ figure: `  ${each.says}`, value: length, unit: 'found', bare: null, floor: null, ok: true });
  }
  const ids = [it.overdue, it.open, it.denied, `account/${it.h.account}`];
  const summaries = await Promise.all(ids.map((id) => summariesOf(it, id)));
  const [seen, wrong] = [summaries.flatMap((each) => each.seen), summaries.flatMap((each) => each.wrong)];
  report({
    ...{ figure: 'summaries readable without a key', value: seen.length, unit: 'texts', bare: null },
    ...{ floor: 'all, fixed words only', ok: seen.length > 0 && wrong.length === 0 },
  });
};

/** What compliance asks Temporal itself. */
export const proveTemporal = async (proof: Proof): Promise<void> => {
  const it = await playVisible();
  try {
    await proveOn(it, proof);
  } finally {
    await it.stop();
  }
};
