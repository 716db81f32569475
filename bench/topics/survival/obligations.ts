import { shortfallsOf, stepClocks, stepDeadlines } from '../../../test/survival/checks/clockSteps.ts';
import { outageDeadlines, outlastDeadlines } from '../../../test/survival/checks/obligations.ts';
import { createSteppedClock } from '../../../test/support/steppedClock.ts';
import { startWhole } from '../../../test/whole/stack.ts';
import { rounded, type Proof } from '../../figure.ts';

/** Deadlines outlast Temporal and the worker, and hold while the clocks of worker and sentinel are an hour off. */
export const proveObligations = async ({ report, say }: Proof): Promise<void> => {
  const clock = await createSteppedClock();
  try {
    const whole = await startWhole({
      progress: say,
      amend: (yaml) => `${yaml}\ndeadlines:\n  ${outageDeadlines}\n  ${stepDeadlines}\n`,
      nodeArguments: clock.nodeArguments,
    });
    let stopTemporal = (): Promise<void> => Promise.resolve();
    try {
      const outlasted = await outlastDeadlines(whole, say, 4);
      stopTemporal = () => outlasted.stopTemporal();
      for (const [n, what] of ['Temporal down', 'worker killed'].entries()) {
        const { escalated, atLeast } = outlasted.overdue[n] ?? { escalated: [], atLeast: Infinity };
        const late = escalated[0]?.late ?? -1;
        report({
          ...{ figure: `${what} past a deadline: told as late`, value: late, unit: 's', bare: null },
          ...{ floor: `once, at least ${atLeast}`, ok: escalated.length === 1 && late >= atLeast },
        });
      }
      for (const step of await stepClocks(whole, clock, say)) {
        const name = `clock ${step.hours > 0 ? '+' : '−'}1 h`;
        const isOff = step.noticed.every((ahead) => Math.round(ahead / 60) === step.hours * 60);
        report({
          ...{ figure: `${name}: worker and sentinel notice`, value: step.noticed.join(' '), unit: 's' },
          ...{ bare: null, floor: `${step.hours * 3600}, both`, ok: isOff && step.noticed.length === 2 },
        });
        for (const { deadline, told, seenAfter } of step.met)
          report({
            ...{ figure: `  ${deadline}: told as late`, value: told.join(' ') || 'never', unit: 's' },
            ...{ bare: null, floor: `once, seen ${rounded(seenAfter, 1)} after`, ok: told.length === 1 },
          });
        const wrong = shortfallsOf(step);
        for (const what of wrong) say(what);
        report({
          ...{ figure: '  missed, doubled, early, falsely late', value: wrong.length, unit: 'wrong' },
          ...{ bare: null, floor: '0', ok: wrong.length === 0 },
        });
      }
    } finally {
      await stopTemporal();
      await whole.remove();
    }
  } finally {
    await clock.remove();
  }
};
