/** Deadlines that pass while our servers are down or our clocks wrong, on real servers with deadlines in seconds. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSteppedClock } from '../support/steppedClock.ts';
import { chatMessages } from '../whole/checks/alarm.ts';
import { startWhole, type Whole } from '../whole/stack.ts';
import { shortfallsOf, stepClocks, stepDeadlines, type Stepped } from './checks/clockSteps.ts';
import { outageDeadlines, outlastDeadlines, type Overdue } from './checks/obligations.ts';

let whole: Whole;
let overdue: readonly Overdue[];
let stepped: readonly Stepped[];
let remove = (): Promise<void> => Promise.resolve();

beforeAll(async () => {
  const clock = await createSteppedClock();
  remove = () => clock.remove();
  whole = await startWhole({
    progress: () => undefined,
    amend: (yaml) => `${yaml}\ndeadlines:\n  ${outageDeadlines}\n  ${stepDeadlines}\n`,
    nodeArguments: clock.nodeArguments,
  });
  remove = async () => {
    await whole.remove();
    await clock.remove();
  };
  const outlasted = await outlastDeadlines(whole, () => undefined, 4);
  const removeWhole = remove;
  remove = async () => {
    await outlasted.stopTemporal();
    await removeWhole();
  };
  overdue = outlasted.overdue;
  stepped = await stepClocks(whole, clock, () => undefined);
});
afterAll(() => remove());

describe('a deadline that passes', () => {
  it.each([
    ['while Temporal is down', 0],
    ['while the worker is dead', 1],
  ])('%s: escalated once, as soon as it is back, and says how late', (_, n) => {
    const { escalated, atLeast } = overdue[n] ?? { escalated: [], atLeast: 0 };
    expect(escalated).toHaveLength(1);
    expect(atLeast).toBeGreaterThanOrEqual(4);
    expect(escalated[0]?.late).toBeGreaterThanOrEqual(atLeast);
  });

  it('is told to people with its lateness', async () => {
    const texts = (await chatMessages(whole.stack)).map(({ whole: all }) => all);
    for (const { escalated } of overdue)
      expect(texts.some((each) => each.includes(`${escalated[0]?.late ?? 'no'} seconds late`))).toBe(true);
  });
});

describe('a step of the clock of worker and sentinel while deadlines are pending', () => {
  it.each([
    ['an hour ahead', 0, 3600],
    ['an hour back', 1, -3600],
  ])('%s: both notice, and nothing is missed, doubled, early or falsely late', (_, n, seconds) => {
    const step = stepped[n];
    expect(step?.noticed.map((ahead) => Math.round(ahead / 60))).toEqual([seconds / 60, seconds / 60]);
    expect(step?.met).toHaveLength(2);
    expect(step && shortfallsOf(step)).toEqual([]);
  });
});
