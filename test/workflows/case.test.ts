import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHarness, type Harness } from './harness.ts';
import { approve, ask, claim, endAndRotate, provision, release, settle } from './steps.ts';

describe('a case on the time-skipping server', () => {
  let h: Harness;
  beforeAll(async () => {
    h = await createHarness();
    await provision(h);
  });
  afterAll(() => h.stop());

  it('goes from requested to closed', async () => {
    const id = await ask(h);
    expect(h.caseState(id).phase).toBe('requested');
    await approve(h, id);
    expect(h.caseState(id).phase).toBe('authorised');
    await release(h, id);
    expect(h.caseState(id).phase).toBe('released');
    const session = await claim(h, id);
    expect(h.caseState(id).phase).toBe('in-session');
    const before = h.accountState().pair?.password.generation ?? 0;
    await endAndRotate(h, id);
    expect(h.accountState().pair?.password.generation).toBe(before + 1);
    expect(h.kratos.active()).toEqual([]);
    await settle(h, id, session);
    expect(h.caseState(id).phase).toBe('closed');
    expect(h.caseState(id).oldCredential).toBe('refused');
    expect(h.accountState().openCase).toBeNull();
  });

  it('leaves histories that the same code replays', async () => {
    expect(await h.notReplayable()).toEqual([]);
  });
});
