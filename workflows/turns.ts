import { condition, patched } from '@temporalio/workflow';

let isTurnwise: boolean | null = null;
/** Histories of before took no turns. */
export const takesTurns = (): boolean => (isTurnwise ??= patched('one step at a time'));

const line: number[] = [];
let last = 0;

const take = async (): Promise<void> => {
  const mine = (last += 1);
  line.push(mine);
  let wasAsked = false;
  // Never at once: conditions are looked at when all that could run has run, and who gave the turn has said everything.
  await condition(() => {
    const isMine = wasAsked && line[0] === mine;
    wasAsked = true;
    return isMine;
  });
};
const give = (): void => {
  line.shift();
};

/**
 * Lets one step of this workflow run at a time, to its end, be it the loop's or a handler's. Replayed, a local activity
 * that outlasted its workflow task ends together with what came later in that task; with two steps under way, their
 * commands would come in another order than they did, and the history would be refused from then on.
 */
export const inTurn = async <T>(step: () => Promise<T>): Promise<T> => {
  if (!takesTurns()) return step();
  await take();
  try {
    return await step();
  } finally {
    give();
  }
};

/** Within a step: lets others have their turn until something has come that may take long. */
export const outOfTurn = async <T>(coming: Promise<T>): Promise<T> => {
  if (!takesTurns()) return coming;
  give();
  try {
    return await coming;
  } finally {
    await take();
  }
};
