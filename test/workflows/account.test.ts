import { randomUUID } from 'node:crypto';
import { Client, WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CaseId } from '../../core/contracts/ids.ts';
import type { Row } from '../../core/contracts/ledger.ts';
import { submit, taskQueue, view } from '../../core/contracts/temporal.ts';
import { createHarness, origin, type Harness } from './harness.ts';
import { ask, provision, requestOf } from './steps.ts';

describe('an account', () => {
  let h: Harness;
  beforeAll(async () => {
    h = await createHarness();
    await provision(h);
  });
  afterAll(() => h.stop());

  const workflow = (id: string) => h.client.raw.workflow.getHandle(id);
  const withdraw = (id: CaseId) => h.toCase(id, 'alice', { type: 'withdrawal', reason: 'that was all' });
  /** The rows that some deed adds. */
  const added = async (deed: () => Promise<unknown>): Promise<readonly Row[]> => {
    const before = h.ledger.rows.length;
    await deed();
    return h.ledger.rows.slice(before);
  };

  it('refuses a second request while a case is open', async () => {
    const id = await ask(h);
    await expect(h.toAccount('nils', await requestOf(h))).rejects.toMatchObject({
      refusal: { code: 'account-busy', why: `${id} is open for acme-eu` },
    });
    await withdraw(id);
  });

  it('admits one of two requests that come at the same moment', async () => {
    const request = await requestOf(h);
    const both = await Promise.allSettled([h.toAccount('alice', request), h.toAccount('nils', request)]);
    expect(both.map((each) => each.status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(both.find((each) => each.status === 'rejected')).toMatchObject({
      reason: { refusal: { code: 'account-busy' } },
    });
    const open = h.accountState().openCase;
    if (open === null) throw new Error('no case is open');
    expect(h.rowsOf(open.case, 'break_glass_requested')).toHaveLength(1);
    await h.toCase(open.case, open.by === 'alice' ? 'alice' : 'nils', { type: 'withdrawal', reason: 'over' });
  });

  it('gives one row and one answer to an update that is sent twice', async () => {
    const envelope = await h.statement('alice', { account: h.account, ...(await requestOf(h)) });
    const submission = { envelope, origin };
    const updateId = randomUUID();
    const rows = await added(async () => {
      const first = await h.client.submitToAccount(h.account, submission, updateId);
      expect(await h.client.submitToAccount(h.account, submission, updateId)).toEqual(first);
      // Another id is another attempt, and its nonce is used.
      await expect(h.client.submitToAccount(h.account, submission, randomUUID())).rejects.toMatchObject({
        refusal: { code: 'replayed' },
      });
    });
    expect(rows.map((row) => row.result)).toEqual(['success', 'refused']);
    const open = h.accountState().openCase;
    if (open !== null) await withdraw(open.case);
  });

  it('takes nothing that did not come encrypted, and nothing that is no envelope, and writes no row', async () => {
    const bare = new Client({ connection: h.env.connection }).workflow.getHandle(`account/${h.account}`);
    const envelope = await h.statement('alice', { account: h.account, ...(await requestOf(h)) });
    const before = await workflow(`account/${h.account}`).fetchHistory();
    const rows = await added(async () => {
      // The refusal itself comes encrypted, so that a bare client learns only that it cannot read it.
      await expect(bare.executeUpdate(submit, { args: [{ envelope, origin }] })).rejects.toThrow('encoding');
      await expect(bare.executeUpdate('submit')).rejects.toThrow('encoding');
      for (const wrong of [{}, { envelope }, { envelope, origin, more: 1 }, null, 'text']) {
        const submission = wrong as Parameters<typeof h.client.submitToAccount>[1];
        await expect(h.client.submitToAccount(h.account, submission, randomUUID())).rejects.toMatchObject({
          refusal: { code: 'malformed-statement' },
        });
      }
    });
    expect(rows).toEqual([]);
    const after = await workflow(`account/${h.account}`).fetchHistory();
    const accepted = (history: typeof before): number =>
      (history.events ?? []).filter((each) => each.workflowExecutionUpdateAcceptedEventAttributes != null)
        .length;
    expect(accepted(after)).toBe(accepted(before));
  });

  it('writes one row for each refused statement, and changes nothing else', async () => {
    const request = await requestOf(h);
    const state = h.accountState();
    const refused: [code: string, submit: () => Promise<unknown>][] = [
      ['unknown-scenario', () => h.toAccount('alice', { ...request, scenario: 'friday' })],
      ['missing-condition', () => h.toAccount('alice', { ...request, conditions: [] })],
      ['refused-reason', () => h.toAccount('alice', { ...request, reason: 'it is quicker this way' })],
      ['not-a-principal', () => h.toAccount('bob', request)],
      ['lives-too-long', () => h.toAccount('alice', { ...request, expectedMinutes: 61 })],
      ['already-counted', () => h.toAccount('quinn', { type: 'provision' })],
      ['not-an-owner', () => h.toAccount('alice', { type: 'rotate', reason: 'why not' })],
      [
        'bad-signature',
        async () => {
          const envelope = await h.statement('alice', { account: h.account, ...request });
          const forged = { ...envelope, statement: envelope.statement.replace('"#inc-1"', '"#inc-2"') };
          return h.client.submitToAccount(h.account, { envelope: forged, origin }, randomUUID());
        },
      ],
      [
        'malformed-signature',
        async () => {
          const { statement } = await h.statement('alice', { account: h.account, ...request });
          const envelope = { statement, signature: 'none' };
          return h.client.submitToAccount(h.account, { envelope, origin }, randomUUID());
        },
      ],
    ];
    for (const [code, attempt] of refused) {
      const rows = await added(() => expect(attempt(), code).rejects.toMatchObject({ refusal: { code } }));
      expect(rows, code).toMatchObject([{ result: 'refused', metadata: { code } }]);
      expect(rows[0]?.metadata.events).toBeUndefined();
    }
    expect(h.accountState()).toEqual(state);
    const { events } = await workflow(`account/${h.account}`).fetchHistory();
    // Judged inside the workflow task; a regular activity would cost more events, and judge twice.
    expect((events ?? []).filter((each) => each.activityTaskScheduledEventAttributes != null)).toEqual([]);
    expect(h.ledger.messages.filter((each) => each.id.includes('refused'))).toEqual([]);
  });

  it('lost, and its id taken by somebody with a bare client: built again from the ledger', async () => {
    const id = `account/${h.account}`;
    const bare = new Client({ connection: h.env.connection }).workflow;
    for (const args of [[{ account: h.account }], []]) {
      await workflow(id).terminate('a mishap');
      const squatter = await bare.start('account', { workflowId: id, taskQueue, args });
      await expect(workflow(squatter.workflowId).result()).rejects.toBeInstanceOf(WorkflowFailedError);
      const opened = await ask(h);
      await withdraw(opened);
      expect(await workflow(id).query(view)).toEqual(h.accountState());
    }
  });

  it('leaves histories that the same code replays', async () => {
    expect(await h.notReplayable()).toEqual([]);
  });
});
