/** Somebody who reaches Temporal answers in the worker's stead, on a real server. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { accountWorkflowId } from '../../core/contracts/ids.ts';
import { view, wake } from '../../core/contracts/temporal.ts';
import { createHarness, manyEvents, type Harness } from './harness.ts';
import { provision } from './steps.ts';

let h: Harness;
beforeAll(async () => {
  h = await createHarness(manyEvents);
  await provision(h);
});
afterAll(() => h.stop());

const until = async <T>(what: string, look: () => Promise<T | null | undefined>): Promise<T> => {
  for (let tries = 0; tries < 150; tries += 1) {
    const found = await look();
    if (found != null) return found;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`it never came to this: ${what}`);
};
const handle = () => h.client.raw.workflow.getHandle(accountWorkflowId(h.account));
/** An encrypted payload of this very workflow, which was no activity's answer. */
const captured = async () => {
  const { events } = await handle().fetchHistory();
  return events?.[0]?.workflowExecutionStartedEventAttributes?.input ?? {};
};
const inPlaintext = () =>
  Promise.resolve({
    payloads: [{ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{"seq":99}') }],
  });

/** Waits for an activity of a workflow that is under way, other than one. */
const pendingIn = (workflowId: string, type: string, but = '') =>
  until(`${type} in ${workflowId}`, async () => {
    // Its account may have yet to start it.
    const found = await h.client.raw.workflow
      .getHandle(workflowId)
      .describe()
      .catch(() => null);
    return found?.raw.pendingActivities?.find(
      (each) => each.activityType?.name === type && each.activityId !== but,
    )?.activityId;
  });
/** As soon as the server takes it: one that is between two attempts cannot be failed. */
const failInTheWorkersStead = (workflowId: string, activityId: string) =>
  until('its failure', () =>
    h.env.connection.workflowService
      .respondActivityTaskFailedById({
        ...{ namespace: 'default', workflowId, activityId },
        failure: {
          ...{ message: 'give it up', source: 'TypeScriptSDK' },
          applicationFailureInfo: { type: 'Refused', nonRetryable: true },
        },
      })
      .catch(() => null),
  );

describe('a rotation that is under way', () => {
  let letGo = (): void => undefined;
  // One that waits for ever would keep the worker from ending.
  afterEach(() => letGo());
  /** A rotation that waits for Kratos; `goOn` has Kratos answer. */
  const begin = async () => {
    let goOn = (): void => undefined;
    h.kratos.holdUntil = new Promise((resolve) => (goOn = resolve));
    const { rotation } = await h.toAccount('quinn', { type: 'rotate', reason: 'a leak' });
    letGo = goOn;
    if (rotation === null) throw new Error('no rotation began');
    return { rotation, goOn, before: h.accountState().pair?.password.generation ?? 0 };
  };
  const untilProven = (before: number) =>
    until('it is proven', async () =>
      Promise.resolve(h.accountState().pair?.password.generation === before ? null : true),
    );

  it('failed for good by somebody else: is begun again, fails for nobody, and is proven', async () => {
    const { rotation, goOn, before } = await begin();
    const first = await pendingIn(rotation, 'rotate');
    await failInTheWorkersStead(rotation, first);
    await pendingIn(rotation, 'rotate', first);
    goOn();
    await untilProven(before);
    expect(h.accountState().rotationFailure).toBeNull();
    expect(h.ledger.rows.filter((row) => row.metadata['step'] === 'failed')).toEqual([]);
  });

  it('answered by somebody else: rings, is begun again, and is proven', async () => {
    const { rotation, goOn, before } = await begin();
    const activityId = await pendingIn(rotation, 'rotate');
    const result = await captured();
    await h.env.connection.workflowService.respondActivityTaskCompletedById({
      ...{ namespace: 'default', workflowId: rotation, activityId, result },
    });
    await until('it rings', async () =>
      Promise.resolve(h.ledger.rows.find(({ metadata }) => metadata['workflow'] === rotation)),
    );
    goOn();
    await untilProven(before);
  });
});

describe('an activity that goes on as a regular one', () => {
  it.each([
    ['in plaintext', inPlaintext],
    ['with a captured payload', captured],
  ])('answered %s by somebody else: is asked again, and the account goes on', async (_, answer) => {
    h.away.ledger = true;
    await handle().signal(wake);
    const id = accountWorkflowId(h.account);
    const first = await pendingIn(id, 'tickAccount');
    const result = await answer();
    await h.env.connection.workflowService.respondActivityTaskCompletedById({
      ...{ namespace: 'default', workflowId: id, activityId: first, result },
    });
    await pendingIn(id, 'tickAccount', first);
    h.away.ledger = false;
    const { casesOn } = h.accountState();
    await until('the end of it', async () => {
      const { raw } = await handle().describe();
      return raw.pendingActivities?.length === 0 ? true : null;
    });
    expect(await handle().query(view)).toMatchObject({ account: h.account, casesOn });
    expect((await h.client.running(accountWorkflowId(h.account)))?.attempts ?? 0).toBeLessThan(2);
  });
});

describe('a workflow whose tasks somebody fails', () => {
  it('is seen to fail, and is ended only if it is the one that was seen', async () => {
    const [id, queue] = ['stuck', 'somebody-elses'];
    await h.client.raw.workflow.start('any', { workflowId: id, taskQueue: queue });
    const { workflowService } = h.env.connection;
    for (let n = 0; n < 3; n += 1) {
      const poll = () =>
        workflowService.pollWorkflowTaskQueue({ namespace: 'default', taskQueue: { name: queue } });
      const { taskToken } = await h.env.connection.withDeadline(Date.now() + 30_000, poll);
      await workflowService.respondWorkflowTaskFailed({ namespace: 'default', taskToken });
    }
    const found = await until('the next try', async () => {
      const running = await h.client.running(id);
      return running !== null && running.attempts > 3 ? running : null;
    });
    const another = '00000000-0000-4000-8000-000000000000';
    await expect(h.client.terminate(id, another, 'not this one')).rejects.toThrow();
    expect(await h.client.running(id)).not.toBeNull();
    await h.client.terminate(id, found.chain, 'its tasks fail');
    expect(await h.client.running(id)).toBeNull();
  });
});
