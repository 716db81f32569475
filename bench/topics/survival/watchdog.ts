import { loseWorkflows } from '../../../test/survival/checks/watchdog.ts';
import { startWhole } from '../../../test/whole/stack.ts';
import type { Proof } from '../../figure.ts';

/** Terminated case, deleted account workflow: rebuilt, nothing owed lost. */
export const proveWatchdog = async ({ report, say }: Proof): Promise<void> => {
  const whole = await startWhole({ progress: say });
  try {
    // Longer than the watchdog's own half minute: what rings twice would have done so by then.
    const { lost, owedBefore, owedAfter, closedAs } = await loseWorkflows(whole, say, 40);
    for (const { workflow, rang, rebuilt, ms, isSame } of lost) {
      const ok = rang === 1 && rebuilt === 1 && isSame;
      report({
        ...{ figure: `${workflow}: lost → runs again`, value: ms, unit: 'ms', bare: null },
        ...{ floor: 'rings once, as the ledger', ok },
      });
      report({ figure: '  rang', value: rang, unit: 'times', bare: null, floor: 'once', ok: rang === 1 });
    }
    const isSame = owedBefore.join() === owedAfter.join() && owedBefore.length > 0;
    report({
      ...{ figure: 'owed after the loss', value: owedAfter.length, unit: 'obligations', bare: null },
      ...{ floor: `the ${owedBefore.length} of before`, ok: isSame },
    });
    report({
      ...{ figure: 'the case, once all was done', value: closedAs, unit: '', bare: null },
      ...{ floor: 'closed', ok: closedAs === 'closed' },
    });
  } finally {
    await whole.remove();
  }
};
