import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CaseId } from '../../core/contracts/ids.ts';
import { createHarness, origin, type Harness } from './harness.ts';
import { approve, ask, attest, endAndRotate, eventually, openUp, provision, refusalsOf } from './steps.ts';
import { declared } from '../support/declared.ts';

const minutes = (n: number): number => n * 60;

describe('while the ledger is away', () => {
  let h: Harness;
  beforeAll(async () => {
    h = await createHarness();
    await provision(h);
  });
  afterAll(() => h.stop());

  /** Real time, until a short step has been given up inside its workflow task. */
  const untilHandedOn = (id: CaseId): Promise<void> => {
    let pending = 0;
    return eventually('the step goes on as a regular activity', () => {
      void h.client.raw.workflow
        .getHandle(id)
        .describe()
        .then((found) => (pending = found.raw.pendingActivities?.length ?? 0));
      return pending > 0;
    });
  };

  it('a decision waits and is taken once, when the ledger is back', async () => {
    const id = await ask(h);
    h.away.ledger = true;
    const deciding = h.toCase(id, 'bob', { type: 'approval', role: 'senior' });
    await untilHandedOn(id);
    expect(h.caseState(id).approvals).toEqual([]);
    h.away.ledger = false;
    await h.pass(30);
    const { seq } = await deciding;
    expect(h.rowsOf(id, 'break_glass_approved')).toMatchObject([{ seq }]);
    await h.toCase(id, 'alice', { type: 'withdrawal', reason: 'it is over' });
  });

  it('an approval that lapses meanwhile counts no more', async () => {
    const id = await ask(h);
    const now = (await h.now()).getTime();
    const { request } = declared(h.caseState(id)).opening;
    const envelope = await h.statement('bob', {
      ...{ type: 'approval', role: 'senior', account: h.account, case: id, request },
      expiresAt: new Date(now + minutes(10) * 1000).toISOString(),
    });
    h.away.ledger = true;
    const deciding = h.client.submitToCase(id, { envelope, origin }, randomUUID());
    // Settled or given up by the client, whichever comes first: the row says what became of it.
    deciding.catch(() => undefined);
    await untilHandedOn(id);
    await h.pass(minutes(11));
    h.away.ledger = false;
    await h.pass(60);
    await eventually('it is decided', () =>
      h.ledger.rows.some((row) => row.result === 'refused' && row.metadata['code'] === 'expired'),
    );
    expect(h.caseState(id).approvals).toEqual([]);
    await h.toCase(id, 'alice', { type: 'withdrawal', reason: 'it is over' });
  });

  it('a deadline that passes meanwhile is kept afterwards: what comes late says how late', async () => {
    const { id, session } = await openUp(h);
    await endAndRotate(h, id);
    await h.toCase(id, 'alice', await refusalsOf(h, id, session));
    await attest(h, id);
    await h.pass(minutes(60 * 15 + 30));
    h.away.ledger = true;
    await h.pass(minutes(31));
    await untilHandedOn(id);
    await h.pass(minutes(29));
    h.away.ledger = false;
    await h.pass(60);
    await eventually('the reminder comes', () => h.rowsOf(id, 'break_glass_reminded').length > 0);
    const [row] = h.rowsOf(id, 'break_glass_reminded');
    const [told] = row?.metadata.events ?? [];
    const late = told?.event.type === 'reminded' ? told.event.late : 0;
    expect(late).toBeGreaterThanOrEqual(minutes(28));
    expect(late).toBeLessThan(minutes(35));
    expect(h.rowsOf(id, 'break_glass_reminded')).toHaveLength(1);
  });

  it('a request expires all the same, and the account is free again', async () => {
    const id = await ask(h);
    await approve(h, id);
    await h.pass(minutes(29));
    h.away.ledger = true;
    await h.pass(minutes(2));
    await untilHandedOn(id);
    await h.pass(minutes(10));
    h.away.ledger = false;
    await h.pass(60);
    await eventually('it expires', () => h.caseState(id).phase === 'expired');
    expect(h.accountState().openCase).toBeNull();
  });

  it('leaves histories that the same code replays', async () => {
    expect(await h.notReplayable()).toEqual([]);
  });
});
