import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHarness, manyEvents, type Harness } from './harness.ts';
import { approve, ask, claim, eventually, provision, release } from './steps.ts';

/** Together they outlast the workflow task that they came in, which is ten seconds long. */
const sessions = 10;

describe('a ledger so slow that what people say at once outlasts a workflow task', () => {
  let h: Harness;
  beforeAll(async () => {
    h = await createHarness(manyEvents);
    await provision(h);
  });
  afterAll(() => h.stop());

  it('leaves histories that the same code replays', async () => {
    const id = await ask(h);
    await approve(h, id);
    await release(h, id);
    h.away.slowness = 600;
    const [first = '', ...more] = Array.from({ length: sessions }, () => h.kratos.signIn());
    // Each claim is a row that the case must hear of. The first has the account tell it; the others come meanwhile.
    const claims = [claim(h, id, first)];
    await new Promise((resolve) => setTimeout(resolve, h.away.slowness));
    claims.push(...more.map((session) => claim(h, id, session)));
    // Those that get no answer in time are taken all the same.
    await Promise.allSettled(claims);
    await eventually('all are claimed', () => more.every((each) => each in h.accountState().claims));
    h.away.slowness = 0;
    expect(await h.notReplayable()).toEqual([]);
  });
});
