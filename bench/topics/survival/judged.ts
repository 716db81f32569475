import { sizeNames, type Sizes } from '../../../test/chaos/evidence.ts';
import type { Proof } from '../../figure.ts';

const units = {
  ...{ rows: 'rows', messages: 'messages', taken: 'taken', logins: 'logins', waysIn: 'looks' },
  ...{ secrets: 'secrets', said: 'texts', copies: 'copies' },
} as const satisfies Record<keyof Sizes, string>;

const figures = {
  ...{ rows: 'rows', messages: 'messages', taken: 'messages and alarms that a channel took' },
  ...{ logins: 'logins', waysIn: 'looks at the way in', secrets: 'credentials searched for' },
  ...{ said: 'errors and logs searched', copies: 'workflows asked what they believe' },
} as const satisfies Record<keyof Sizes, string>;

/** How much there was of each thing that the checkers judge: of nothing, any of them would find nothing wrong. */
export const tellJudged = (report: Proof['report'], sizes: Sizes): void => {
  for (const name of sizeNames)
    report({
      ...{ figure: `  ${figures[name]}`, value: sizes[name], unit: units[name], bare: null, floor: '1' },
      ok: sizes[name] > 0,
    });
};
