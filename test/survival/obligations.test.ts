/** Deadlines that pass while our own servers are down, on real servers with deadlines in seconds. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatMessages } from '../whole/checks/alarm.ts';
import { startWhole, type Whole } from '../whole/stack.ts';
import { outlastDeadlines, type Overdue } from './checks/obligations.ts';

let whole: Whole;
let overdue: readonly Overdue[];
let remove = (): Promise<void> => Promise.resolve();

beforeAll(async () => {
  whole = await startWhole({
    progress: () => undefined,
    amend: (yaml) => `${yaml}\ndeadlines:\n  sessionLog: 45\n  postMortem: 110\n`,
  });
  remove = () => whole.remove();
  const outlasted = await outlastDeadlines(whole, () => undefined, 4);
  overdue = outlasted.overdue;
  remove = async () => {
    await outlasted.stopTemporal();
    await whole.remove();
  };
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
