import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wake } from '../../core/contracts/temporal.ts';
import { createHarness, type Harness } from './harness.ts';
import { approve, ask, claim, endAndRotate, eventually, provision, release, settle } from './steps.ts';

/** Far below what production allows: each run of a workflow here holds a few decisions. */
const runsOfEvents = 60;

describe('runs that have become long', () => {
  let h: Harness;
  beforeAll(async () => {
    h = await createHarness(runsOfEvents);
    await provision(h);
  });
  afterAll(() => h.stop());

  const workflow = (id: string) => h.client.raw.workflow.getHandle(id);
  const runOf = async (id: string): Promise<string> => (await workflow(id).describe()).runId;

  /** Wakes a workflow until another run of it has begun. */
  const untilContinued = async (id: string): Promise<void> => {
    const before = await runOf(id);
    let now = before;
    for (let n = 0; n < 100 && now === before; n += 1) {
      await workflow(id).signal(wake);
      await new Promise((resolve) => setTimeout(resolve, 50));
      now = await runOf(id);
    }
    expect(now).not.toBe(before);
  };

  it('continue as new in the midst of a case, and nothing is lost', async () => {
    const account = `account/${h.account}`;
    const id = await ask(h);
    await approve(h, id);
    await untilContinued(id);
    await untilContinued(account);
    await release(h, id);
    const session = await claim(h, id);
    const { id: sighting } = await h.see(session);
    await eventually('the case has its login', () => h.caseState(id).sightings.length > 0);
    expect(h.caseState(id)).toMatchObject({ phase: 'in-session', sightings: [{ id: sighting }] });
    await untilContinued(id);
    await endAndRotate(h, id);
    await untilContinued(account);
    await settle(h, id, session);
    expect(h.caseState(id).phase).toBe('closed');
    await workflow(id).result();
    const { openCase, rotation } = h.accountState();
    expect({ openCase, rotation }).toEqual({ openCase: null, rotation: null });
  });

  it('continue as new while the rotation waits for Kratos, and hear of its end', async () => {
    const before = h.accountState().pair?.password.generation ?? 0;
    let goOn = (): void => undefined;
    h.kratos.holdUntil = new Promise((resolve) => (goOn = resolve));
    await h.toAccount('quinn', { type: 'rotate', reason: 'a leak' });
    await untilContinued(`account/${h.account}`);
    goOn();
    await eventually('the rotation is proven', () => h.accountState().rotation === null);
    expect(h.accountState().pair?.password.generation).toBe(before + 1);
  });

  it('leave histories that the same code replays', async () => {
    expect(await h.notReplayable()).toEqual([]);
  });
});
