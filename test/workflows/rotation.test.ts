import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Row } from '../../core/contracts/ledger.ts';
import { createHarness, type Harness } from './harness.ts';
import {
  ask,
  attest,
  endAndRotate,
  eventually,
  openUp,
  provision,
  refusalsOf,
  requestOf,
  settle,
  writeUp,
} from './steps.ts';

describe('a rotation that meets trouble', () => {
  let h: Harness;
  beforeAll(async () => {
    h = await createHarness();
    await provision(h);
  });
  afterAll(() => h.stop());

  const generation = (): number => h.accountState().pair?.password.generation ?? 0;
  const steps = (name: string): Row[] =>
    h.ledger.rows.filter(
      ({ action, metadata }) => action === 'break_glass_rotation' && metadata['step'] === name,
    );
  const expectBlocked = async (): Promise<void> => {
    await expect(h.toAccount('alice', await requestOf(h))).rejects.toMatchObject({
      refusal: { code: 'account-blocked' },
    });
  };

  it('waits for Kratos: the account is blocked meanwhile, and people are heard and reminded', async () => {
    await h.putInForce((data) => (data.deadlines = { sessionLog: 1800, postMortem: 1800 }));
    const { id, session } = await openUp(h);
    const hostile = h.kratos.signIn();
    const before = generation();
    h.kratos.isDown = true;
    await h.toCase(id, 'alice', { type: 'end', reason: 'done' });
    await expectBlocked();
    await h.pass(600);
    await expectBlocked();
    await writeUp(h, id, 'post-mortem');
    await h.pass(601);
    await eventually('the session log is asked for', () => h.rowsOf(id, 'break_glass_reminded').length > 0);
    expect(h.caseState(id)).toMatchObject({ phase: 'ended', sessionsEnded: null });
    expect(generation()).toBe(before);

    h.kratos.isDown = false;
    await h.pass(120);
    await eventually('the case settles', () => h.caseState(id).phase === 'settling');
    await eventually('its sessions are ended', () => h.caseState(id).sessionsEnded !== null);
    // Nothing was sealed in vain: a rotation looks for the identity first.
    expect(generation()).toBe(before + 1);
    expect(h.kratos.active()).not.toContain(hostile);
    await h.toCase(id, 'alice', await refusalsOf(h, id, session));
    await attest(h, id);
    await writeUp(h, id, 'session-log');
    expect(h.caseState(id).phase).toBe('closed');
    const next = await ask(h);
    await h.toCase(next, 'alice', {
      type: 'withdrawal',
      reason: 'whether it is open again was the question',
    });
  });

  it('an identity that somebody deleted does not keep the case from its end: it is made anew', async () => {
    const { id, session } = await openUp(h);
    const before = h.accountState().identity;
    h.kratos.deleteIdentities();
    await h.toCase(id, 'alice', { type: 'end', reason: 'done' });
    await h.pass(60);
    await eventually('the case settles', () => h.caseState(id).phase === 'settling');
    await h.pass(60);
    await eventually('its sessions are ended', () => h.caseState(id).sessionsEnded !== null);
    expect(h.accountState().identity).not.toBe(before);
    await settle(h, id, session);
    expect(h.caseState(id).phase).toBe('closed');
  });

  it('cancelled halfway by an operator: begins again, and names each generation before it is set', async () => {
    const { id, session } = await openUp(h);
    const seen = steps('password-sealed').length;
    h.kratos.failNext('beginTotp', 1_000);
    await h.toCase(id, 'alice', { type: 'end', reason: 'done' });
    await eventually('the password was set twice', () => steps('password-sealed').length >= seen + 2);
    const running = h.accountState().rotation?.id ?? '';
    await h.client.raw.workflow.getHandle(running).cancel();
    await h.pass(11);
    h.kratos.failNext('beginTotp', 0);
    await h.pass(120);
    await eventually('the case settles', () => h.caseState(id).phase === 'settling');
    expect(h.accountState().lastRotation?.id).toBe(running);
    const named = steps('password-sealed').map(({ metadata }) => candidates(metadata));
    // No generation is left out: each one that was ever set had its row before.
    expect(named).toEqual(Array.from(named, (_, n) => n + 1));
    expect(named.at(-1)).toBe(generation());
    const rings = h.ledger.messages.filter((each) => each.title === 'A workflow of acme-eu is gone');
    expect(rings).toMatchObject([{ severity: 'alarm', text: expect.stringContaining(running) as string }]);
    await settle(h, id, session);
  });

  const candidates = (metadata: Row['metadata']): number => {
    const named = metadata['candidates'] as { password: { generation: number }[] };
    return named.password.at(-1)?.generation ?? 0;
  };

  it('that no retry can mend: recorded, rung, blocked, until an owner’s `rotate` mends it', async () => {
    const { id, session } = await openUp(h);
    await h.putInForce((data) => {
      data.accounts['acme-eu'] = {
        ...structuredClone(h.org.data.accounts['acme-eu']),
        ...{ kind: 'aws-root', awsAccountId: '123456789012', member: 'member' },
        mfa: { device: 'hardware', tracking: 'K-1' },
      };
    });
    const before = generation();
    await h.toCase(id, 'alice', { type: 'end', reason: 'done' });
    await eventually('the failure is recorded', () => h.accountState().rotationFailure !== null);
    expect(steps('failed')).toHaveLength(1);
    expect(h.caseState(id).phase).toBe('ended');
    const rings = h.ledger.messages.filter((each) => each.title === 'The rotation of acme-eu failed');
    expect(rings).toMatchObject([
      { severity: 'alarm', to: ['quinn', 'rosa', 'bob', 'carol', 'mona', 'olga'] },
    ]);
    await expectBlocked();
    // It waits for a person; it does not try again by itself.
    await h.pass(6 * 3600);
    await expectBlocked();
    expect(steps('failed')).toHaveLength(1);

    await h.putInForce(() => undefined);
    await expectBlocked();
    await expect(h.toAccount('alice', { type: 'rotate', reason: 'please' })).rejects.toMatchObject({
      refusal: { code: 'not-an-owner' },
    });
    await h.toAccount('quinn', { type: 'rotate', reason: 'the driver is back' });
    await eventually('the case settles', () => h.caseState(id).phase === 'settling');
    expect(generation()).toBe(before + 1);
    await settle(h, id, session);
    const next = await openUp(h);
    await endAndRotate(h, next.id);
  });

  it('leaves histories that the same code replays', async () => {
    expect(await h.notReplayable()).toEqual([]);
  });
});
