/** Somebody who reaches Temporal answers in the worker's stead, on a real server. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountWorkflowId } from '../../core/contracts/ids.ts';
import { view, wake } from '../../core/contracts/temporal.ts';
import { createHarness, type Harness } from './harness.ts';
import { provision } from './steps.ts';

let h: Harness;
beforeAll(async () => {
  h = await createHarness(10_000);
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

describe('an activity that goes on as a regular one', () => {
  it.each([
    ['in plaintext', inPlaintext],
    ['with a captured payload', captured],
  ])('answered %s by somebody else: is asked again, and the account goes on', async (_, answer) => {
    h.away.ledger = true;
    await handle().signal(wake);
    const pending = await until('a regular activity', async () => {
      const { raw } = await handle().describe();
      return raw.pendingActivities?.find((each) => each.activityType?.name === 'tickAccount');
    });
    const result = await answer();
    await h.env.connection.workflowService.respondActivityTaskCompletedById({
      ...{ namespace: 'default', workflowId: accountWorkflowId(h.account) },
      ...{ activityId: pending.activityId ?? '', result },
    });
    await until('another try', async () => {
      const { raw } = await handle().describe();
      return raw.pendingActivities?.find((each) => each.activityId !== pending.activityId);
    });
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
