import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Message } from '../../core/contracts/ledger.ts';
import type { CaseId } from '../../core/contracts/ids.ts';
import { view } from '../../core/contracts/temporal.ts';
import { createHarness, type Harness } from './harness.ts';
import { approve, ask, claim, endAndRotate, eventually, openUp, provision, release } from './steps.ts';

describe('logins as the sentinel saw them', () => {
  let h: Harness;
  beforeAll(async () => {
    h = await createHarness();
    await provision(h);
  });
  afterAll(() => h.stop());

  /** What the case's workflow, not only the ledger, knows of its logins. */
  const knownTo = async (id: CaseId): Promise<string[]> => {
    const state = (await h.client.raw.workflow.getHandle(id).query(view)) as {
      sightings: { id: string }[];
      phase: string;
    };
    return state.sightings.map((each) => each.id);
  };
  const untilKnown = async (id: CaseId, sighting: string): Promise<void> => {
    let known: string[] = [];
    await eventually('the case knows the login', () => {
      void knownTo(id).then((all) => (known = all));
      return known.includes(sighting);
    });
  };
  const rings = (sighting: string): Message[] =>
    h.ledger.messages.filter((each) => each.severity === 'alarm' && each.text.includes(sighting));
  const unclaimedRows = (sighting: string) =>
    h.ledger.rows.filter(
      ({ action, metadata: { events = [] } }) =>
        action === 'break_glass_unclaimed' &&
        events.some(({ event }) => event.type === 'session-unclaimed' && event.sighting === sighting),
    );

  it('claimed before it was seen: it belongs to the case and does not ring again', async () => {
    const { id, session } = await openUp(h);
    const { id: sighting } = await h.see(session);
    await untilKnown(id, sighting);
    expect(h.caseState(id).times.aal2).toBeDefined();
    await h.pass(120);
    expect(rings(sighting)).toEqual([]);
    await endAndRotate(h, id);
  });

  it('claimed within a minute after it was seen: the same', async () => {
    const id = await ask(h);
    await approve(h, id);
    await release(h, id);
    const session = randomUUID();
    const { id: sighting } = await h.see(session);
    await h.pass(50);
    expect(await knownTo(id)).toEqual([]);
    await claim(h, id, session);
    await untilKnown(id, sighting);
    expect(h.caseState(id).phase).toBe('in-session');
    await h.pass(120);
    expect(rings(sighting)).toEqual([]);
    await endAndRotate(h, id);
  });

  it('claimed by nobody: rings once, a minute after it was seen, whatever else happens', async () => {
    const { id: sighting } = await h.see(randomUUID());
    await h.pass(50);
    expect(rings(sighting)).toEqual([]);
    await h.pass(11);
    await eventually('it rings', () => rings(sighting).length > 0);
    expect(unclaimedRows(sighting)).toMatchObject([
      {
        actor_role: 'clock',
        metadata: { events: [{ event: { late: 0 } }, { event: { type: 'detected' } }] },
      },
    ]);
    expect(rings(sighting)).toMatchObject([
      {
        title: 'Undeclared use of acme-eu: is it yours, or must it stop?',
        to: ['bob', 'carol', 'karl', 'mona', 'olga'],
      },
    ]);
    for (let n = 0; n < 3; n += 1) {
      await h.client.wakeAccount(h.account);
      await h.pass(120);
    }
    expect(unclaimedRows(sighting)).toHaveLength(1);
    expect(rings(sighting)).toHaveLength(1);
  });

  it('two logins a few seconds apart, one claimed: only the other one rings, also while a case is open', async () => {
    const { id, session } = await openUp(h);
    const mine = await h.see(session);
    await h.pass(5);
    const theirs = await h.see(randomUUID());
    await h.pass(70);
    await eventually('it rings', () => rings(theirs.id).length > 0);
    expect(rings(mine.id)).toEqual([]);
    expect(await knownTo(id)).toEqual([mine.id]);
    await endAndRotate(h, id);
  });

  it('a rotation’s own login does not ring', async () => {
    const own = Object.entries(h.accountState().claims).filter(([, by]) => by.startsWith('rotation/'));
    const [session] = own.at(-1) ?? [''];
    const { id: sighting } = await h.see(session);
    await h.pass(120);
    expect(rings(sighting)).toEqual([]);
  });

  it('leaves histories that the same code replays', async () => {
    expect(await h.notReplayable()).toEqual([]);
  });
});
