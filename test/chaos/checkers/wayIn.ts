import { parts } from '../../../core/contracts/ids.ts';
import type { Evidence } from '../evidence.ts';
import type { Verdict } from './verdict.ts';

/** Promise 2: whenever it was looked, at most two generations of each part were named, and a pair of them opened. */
export const waysInLost = ({ waysIn }: Evidence): Verdict => ({
  looked: waysIn.length,
  wrong: waysIn.flatMap(({ when, named, opens }) => [
    ...(opens ? [] : [`${when}: nothing that the ledger named opened the account`]),
    ...parts.flatMap((part) =>
      named[part] > 2 ? [`${when}: ${named[part]} generations of the ${part} were named`] : [],
    ),
  ]),
});
