import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CaseId } from '../../core/contracts/ids.ts';
import { view, wake } from '../../core/contracts/temporal.ts';
import { createHarness, type Harness } from './harness.ts';
import {
  approve,
  ask,
  claim,
  endAndRotate,
  eventually,
  provision,
  release,
  requestOf,
  settle,
} from './steps.ts';

describe('a run that has become long', () => {
  let h: Harness;
  beforeAll(async () => {
    h = await createHarness();
    await provision(h);
  });
  afterAll(() => h.stop());

  const workflow = (id: string) => h.client.raw.workflow.getHandle(id);
  const withdraw = (id: CaseId) => h.toCase(id, 'alice', { type: 'withdrawal', reason: 'that was all' });

  it('continues as new after thousands of events, in the midst of a case, and nothing is lost', async () => {
    const id = await ask(h);
    await approve(h, id);
    await release(h, id);
    await flood(`account/${h.account}`);
    await flood(id);

    const session = await claim(h, id);
    const { id: sighting } = await h.see(session);
    await eventually('the case has its login', () => h.caseState(id).sightings.length > 0);
    expect(h.caseState(id)).toMatchObject({ phase: 'in-session', sightings: [{ id: sighting }] });
    await endAndRotate(h, id);
    await settle(h, id, session);
    expect(h.caseState(id).phase).toBe('closed');
    await workflow(id).result();
    const { openCase, rotation } = h.accountState();
    expect({ openCase, rotation }).toEqual({ openCase: null, rotation: null });
    await withdraw(await ask(h));
  });

  it('continues as new while its rotation waits for Kratos, and hears of its end', async () => {
    const before = h.accountState().pair?.password.generation ?? 0;
    let goOn = (): void => undefined;
    h.kratos.holdUntil = new Promise((resolve) => (goOn = resolve));
    await h.toAccount('quinn', { type: 'rotate', reason: 'a leak' });
    await flood(`account/${h.account}`);
    await expect(h.toAccount('alice', await requestOf(h))).rejects.toMatchObject({
      refusal: { code: 'account-blocked' },
    });
    goOn();
    await eventually('the rotation is proven', () => h.accountState().rotation === null);
    expect(h.accountState().pair?.password.generation).toBe(before + 1);
    // No child of this run: it looks again by itself.
    await h.pass(11);
    let state: unknown;
    await eventually('the account has heard of it', () => {
      void workflow(`account/${h.account}`)
        .query(view)
        .then((answer) => (state = answer));
      return isDeepStrictEqual(state, h.accountState());
    });
    await withdraw(await ask(h));
  });

  /** Wakes a workflow until its run has more events than it allows itself. */
  const flood = async (id: string): Promise<void> => {
    const { runId } = await workflow(id).describe();
    for (let n = 0; n < 1_000; n += 1) {
      const { runId: current, historyLength } = await workflow(id).describe();
      if (current !== runId) return;
      // One by one at last: a run cannot end while more is coming in.
      const wakes = historyLength < 1_500 ? 25 : 1;
      await Promise.all(Array.from({ length: wakes }, () => workflow(id).signal(wake)));
      // Answered when all of them were heard.
      await workflow(id).query(view);
    }
    throw new Error(`${id} did not continue as new`);
  };

  it('leaves histories that the same code replays', async () => {
    expect(await h.notReplayable()).toEqual([]);
  });
});
