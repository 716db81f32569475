import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CaseId } from '../../core/contracts/ids.ts';
import { createHarness, type Harness } from './harness.ts';
import { approve, ask, claim, eventually, openUp, provision, release, releaseShare } from './steps.ts';

const minutes = (n: number): number => n * 60;

describe('how a case ends', () => {
  let h: Harness;
  beforeAll(async () => {
    h = await createHarness();
    await provision(h);
  });
  afterEach(() =>
    // Each case leaves the account as it found it: free, with a proven pair.
    eventually('the account is free again', () => {
      const { openCase, rotation, rotationsOwed } = h.accountState();
      return openCase === null && rotation === null && rotationsOwed.length === 0;
    }),
  );
  afterAll(() => h.stop());

  const generation = (): number => h.accountState().pair?.password.generation ?? 0;
  const workflowStatus = async (id: CaseId): Promise<string> =>
    (await h.client.raw.workflow.getHandle(id).describe()).status.name;
  const untilEnded = (id: CaseId): Promise<void> =>
    eventually('the case settles', () => h.caseState(id).phase === 'settling');

  it('denied: an approver says no, nothing was released, nothing is rotated', async () => {
    const id = await ask(h);
    const before = generation();
    await h.toCase(id, 'bob', { type: 'denial', role: 'senior', reason: 'no incident is open' });
    expect(h.caseState(id).phase).toBe('denied');
    await h.client.raw.workflow.getHandle(id).result();
    expect(generation()).toBe(before);
    await expect(h.toCase(id, 'dan', { type: 'approval', role: 'senior' })).rejects.toMatchObject({
      refusal: { code: 'wrong-phase' },
    });
  });

  it('withdrawn: by the requester alone', async () => {
    const id = await ask(h);
    await expect(h.toCase(id, 'nils', { type: 'withdrawal', reason: 'mine' })).rejects.toMatchObject({
      refusal: { code: 'not-the-requester' },
    });
    await h.toCase(id, 'alice', { type: 'withdrawal', reason: 'it came back by itself' });
    expect(h.caseState(id).phase).toBe('withdrawn');
    await h.client.raw.workflow.getHandle(id).result();
    expect(await workflowStatus(id)).toBe('COMPLETED');
  });

  it('denied after a share has left its custodian: ended, with a rotation', async () => {
    const id = await ask(h);
    await approve(h, id);
    await releaseShare(h, id, 'erin', 'password');
    const before = generation();
    await h.toCase(id, 'carol', { type: 'denial', role: 'senior', reason: 'a false alarm' });
    await untilEnded(id);
    expect(generation()).toBe(before + 1);
  });

  it('expired: the quorum did not come in half an hour', async () => {
    const id = await ask(h);
    await h.toCase(id, 'bob', { type: 'approval', role: 'senior' });
    await h.pass(minutes(29));
    expect(h.caseState(id).phase).toBe('requested');
    await h.pass(minutes(1) + 1);
    await eventually('it expires', () => h.caseState(id).phase === 'expired');
    expect(h.rowsOf(id, 'break_glass_expired')).toMatchObject([
      {
        actor_role: 'clock',
        result: 'success',
        metadata: { events: [{ event: { waitedFor: 'quorum' } }, {}] },
      },
    ]);
    expect(await h.client.raw.workflow.getHandle(id).result()).toBeUndefined();
  });

  it('expired: no share was released in half an hour, so nothing is rotated', async () => {
    const id = await ask(h);
    await approve(h, id);
    const before = generation();
    await h.pass(minutes(30) + 1);
    await eventually('it expires', () => h.caseState(id).phase === 'expired');
    expect(h.rowsOf(id, 'break_glass_expired')).toHaveLength(1);
    expect(generation()).toBe(before);
  });

  it('expired: one share was released and the others were not, so the credential is rotated', async () => {
    const id = await ask(h);
    await approve(h, id);
    await releaseShare(h, id, 'grace', 'mfa');
    const before = generation();
    await h.pass(minutes(30) + 1);
    await untilEnded(id);
    expect(h.rowsOf(id, 'break_glass_expired')).toHaveLength(1);
    expect(generation()).toBe(before + 1);
  });

  it('expired: nobody logged in within half an hour of the release, so the credential is rotated', async () => {
    const id = await ask(h);
    await approve(h, id);
    await release(h, id);
    const before = generation();
    await h.pass(minutes(30) + 1);
    await untilEnded(id);
    expect(h.rowsOf(id, 'break_glass_expired')).toMatchObject([
      { metadata: { events: [{ event: { type: 'expired', waitedFor: 'login' } }, {}, {}] } },
    ]);
    expect(generation()).toBe(before + 1);
  });

  it('the longest session: ended by the clock, sessions ended, credential rotated', async () => {
    const { id } = await openUp(h);
    const hostile = h.kratos.signIn();
    const before = generation();
    await h.pass(minutes(59));
    expect(h.caseState(id).phase).toBe('in-session');
    await h.pass(minutes(1) + 1);
    await untilEnded(id);
    expect(h.rowsOf(id, 'break_glass_ended')).toMatchObject([
      {
        actor_role: 'clock',
        metadata: { events: [{ event: { how: 'longest-session', by: null } }, {}, {}] },
      },
    ]);
    expect(h.rowsOf(id, 'break_glass_sessions_ended')).toMatchObject([{ metadata: { sessions: [hostile] } }]);
    expect(h.kratos.active()).toEqual([]);
    expect(generation()).toBe(before + 1);
  });

  it('a later claim does not lengthen the session', async () => {
    const { id } = await openUp(h);
    await h.pass(minutes(40));
    await claim(h, id);
    await h.pass(minutes(20) + 1);
    await untilEnded(id);
    expect(h.rowsOf(id, 'break_glass_ended')).toHaveLength(1);
  });

  it('leaves histories that the same code replays', async () => {
    expect(await h.notReplayable()).toEqual([]);
  });
});
