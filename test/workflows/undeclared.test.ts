import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { CaseId } from '../../core/contracts/ids.ts';
import { view } from '../../core/contracts/temporal.ts';
import { isDeclared } from '../../core/rules/case/state.ts';
import { createHarness, type Harness } from './harness.ts';
import {
  approve,
  ask,
  attest,
  claim,
  eventually,
  openUp,
  provision,
  release,
  settle,
  writeUp,
} from './steps.ts';

const told = ['bob', 'carol', 'karl', 'mona', 'olga'];

describe('a login that nobody claims', () => {
  let h: Harness;
  beforeAll(async () => {
    h = await createHarness();
    await provision(h);
  });
  afterEach(() =>
    eventually('the account is as before', () => {
      const { openCase, rotation, rotationsOwed, undeclared } = h.accountState();
      return openCase === null && rotation === null && rotationsOwed.length + undeclared.length === 0;
    }),
  );
  afterAll(() => h.stop());

  /** Somebody signs in with the opened pair, and the time for a claim passes. */
  const intrude = async (): Promise<{ use: CaseId; session: string }> => {
    const session = h.kratos.signIn();
    await h.see(session);
    await h.pass(61);
    const waits = () => h.accountState().undeclared.find((each) => each.unclaimed.length > 0);
    await eventually('a case is opened', () => waits() !== undefined);
    const use = waits()?.case;
    if (use === undefined) throw new Error('no case waits for an answer');
    return { use, session };
  };
  const isAlive = (session: string): boolean => h.kratos.active().includes(session);
  const alarmsOf = (id: CaseId) =>
    h.ledger.messages.filter((each) => each.case === id && each.severity === 'alarm');
  const untilSettling = (id: CaseId): Promise<void> =>
    eventually('it settles', () => h.caseState(id).phase === 'settling');

  it('opens a case that rings again until it is stopped; then its session is ended and the pair rotated', async () => {
    const before = h.accountState().pair?.password.generation ?? 0;
    const { use, session } = await intrude();
    // Its own workflow runs, not only its rows.
    expect(await h.client.raw.workflow.getHandle(use).query(view)).toMatchObject({ phase: 'unanswered' });
    expect(alarmsOf(use)).toMatchObject([{ to: told, drill: false }]);
    await h.pass(301);
    await eventually('it rings again', () => alarmsOf(use).length === 2);
    await h.pass(300);
    await eventually('and again', () => alarmsOf(use).length === 3);
    expect(isAlive(session)).toBe(true);

    await expect(h.toCase(use, 'lena', { type: 'stop', reason: 'I wonder' })).rejects.toMatchObject({
      refusal: { code: 'not-an-approver' },
    });
    // Made by the stranger before anybody was told: the case is younger than its login.
    const { at } = h.caseState(use).sightings[0] ?? { at: '' };
    expect(Date.parse(h.caseState(use).opening.at) - Date.parse(at)).toBeGreaterThan(50_000);
    const made = new Date(Date.parse(at) + 5_000).toISOString();
    h.kratos.others = [
      {
        ...{ id: '0f0c9a2b-0000-4000-8000-000000000000', email: 'x@acme.example', role: 'admin' },
        ...{ state: 'active', createdAt: made, updatedAt: made },
      },
    ];
    await h.toCase(use, 'olga', { type: 'stop', reason: 'nobody on call signed in' });
    await untilSettling(use);
    h.kratos.others = [];
    const settled = {
      type: 'finding',
      finding: 'admin-0f0c9a2b',
      how: 'removed',
      reason: 'a stranger made it',
    };
    await h.toCase(use, 'quinn', settled);
    expect(isAlive(session)).toBe(false);
    expect(h.accountState().pair?.password.generation).toBe(before + 1);
    expect(h.caseState(use)).toMatchObject({
      ...{ answer: { how: 'stop', by: 'olga' }, responsible: 'olga', oldCredential: 'replaced' },
      sessionsEnded: [session],
    });
    await attest(h, use);
    await writeUp(h, use, 'post-mortem', 'olga');
    await h.client.raw.workflow.getHandle(use).result();
    expect(h.caseState(use).phase).toBe('closed');
    await h.pass(1000);
    expect(alarmsOf(use)).toHaveLength(3);
  });

  it('during a case, opens its own beside it; stopped, only its session ends, and one rotation waits for both', async () => {
    const own = h.kratos.signIn();
    const id = await ask(h);
    await approve(h, id);
    await release(h, id);
    await claim(h, id, own);
    const before = h.accountState().pair?.password.generation ?? 0;
    const { use, session } = await intrude();
    expect(h.accountState().openCase?.case).toBe(id);
    await h.toCase(use, 'karl', { type: 'stop', reason: 'not from our network' });
    await eventually('its session ends', () => !isAlive(session));
    expect(isAlive(own)).toBe(true);
    expect(h.caseState(id).phase).toBe('in-session');
    await h.pass(30);
    expect(h.accountState()).toMatchObject({ rotation: null, rotationsOwed: [use] });

    await h.toCase(id, 'alice', { type: 'end', reason: 'done' });
    await Promise.all([untilSettling(id), untilSettling(use)]);
    expect(h.accountState().pair?.password.generation).toBe(before + 1);
    expect(h.caseState(use).rotation).toBe(h.caseState(id).rotation);
    await attest(h, use);
    await writeUp(h, use, 'post-mortem', 'karl');
    await settle(h, id, own);
    await eventually('both close', () => [id, use].every((each) => h.caseState(each).phase === 'closed'));
  });

  it('claimed late by the requester of the open case, is part of that: nothing is rotated for it', async () => {
    const id = await ask(h);
    await approve(h, id);
    await release(h, id);
    const { use, session } = await intrude();
    await claim(h, id, session);
    await h.client.raw.workflow.getHandle(use).result();
    expect(h.caseState(use)).toMatchObject({
      ...{ phase: 'closed', answer: { how: 'mine', by: 'alice' }, rotation: null },
    });
    expect(h.caseState(id)).toMatchObject({ phase: 'in-session' });
    expect(isAlive(session)).toBe(true);
    await h.toCase(id, 'alice', { type: 'end', reason: 'done' });
    await untilSettling(id);
  });

  it('owned up to by a principal without a case, is still a use: written up, ended and rotated away', async () => {
    const { use, session } = await intrude();
    const mine = { type: 'claim', case: use, request: null, session };
    await expect(h.toAccount('lena', mine)).rejects.toMatchObject({ refusal: { code: 'not-a-principal' } });
    await h.toAccount('nils', mine);
    await eventually('it is in session', () => h.caseState(use).phase === 'in-session');
    expect(alarmsOf(use).at(-1)?.text).toContain('Nobody authorised it');
    await expect(h.toCase(use, 'alice', { type: 'end', reason: 'not mine' })).rejects.toMatchObject({
      refusal: { code: 'not-an-approver' },
    });
    await h.pass(3600);
    await untilSettling(use);
    expect(isAlive(session)).toBe(false);
    expect(h.caseState(use).obligations.filter(({ owner }) => owner === 'nils')).toMatchObject([
      { kind: 'session-log' },
      { kind: 'post-mortem' },
    ]);
  });

  it('a second one joins the case that waits for its answer, and rings; after the answer it opens another', async () => {
    const first = await intrude();
    const second = await intrude();
    expect(second.use).toBe(first.use);
    expect(h.caseState(first.use).sightings).toHaveLength(2);
    const rung = h.ledger.messages.filter((each) => each.title === 'Another undeclared login to acme-eu');
    expect(rung).toMatchObject([{ severity: 'alarm', to: told }]);
    await h.toAccount('nils', { type: 'claim', case: first.use, request: null, session: first.session });
    expect(h.caseState(first.use).phase).toBe('unanswered');
    await h.toAccount('nils', { type: 'claim', case: first.use, request: null, session: second.session });
    expect(h.caseState(first.use).phase).toBe('in-session');
    const third = await intrude();
    expect(third.use).not.toBe(first.use);
    for (const { use } of [first, third]) await h.toCase(use, 'mona', { type: 'stop', reason: 'enough' });
    await Promise.all([untilSettling(first.use), untilSettling(third.use)]);
    // The next case needs proven seals.
    await attest(h, third.use);
  });

  it('a case in session is stopped by on-call, and its requester owes as before', async () => {
    const { id } = await openUp(h);
    await h.toCase(id, 'olga', { type: 'stop', reason: 'it does harm' });
    await untilSettling(id);
    expect(isDeclared(h.caseState(id))).toBe(true);
    expect(h.caseState(id)).toMatchObject({ responsible: 'alice', answer: null });
  });

  it('leaves histories that the same code replays', async () => {
    expect(await h.notReplayable()).toEqual([]);
  });
});
