/** Logins that nobody declared, on real servers: each opens a case, beside whatever else is open. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWhole } from '../whole/stack.ts';
import { playUndeclared, shortDeadlines, type Undeclared } from './checks/undeclared.ts';

let remove = (): Promise<void> => Promise.resolve();
let played: Undeclared;

beforeAll(async () => {
  const whole = await startWhole({ progress: () => undefined, amend: shortDeadlines });
  remove = () => whole.remove();
  played = await playUndeclared(whole, () => undefined, false);
});
afterAll(() => remove());

/** Every admin, on-call and security person of the example organisation. */
const everybody = ['maya', 'jonas', 'ravi', 'lena', 'omar', 'sofia'];

describe('a login with the opened pair that nobody claims', () => {
  it('rings every admin, on-call and security person at the highest severity, with both answers', () => {
    for (const { topic, chat, state } of [played.alone, played.besideDrill]) {
      const [text = ''] = topic;
      expect(text).toContain('Undeclared use of acme-eu');
      expect(text).not.toContain('DRILL');
      for (const person of everybody) expect(text).toContain(`(${person})`);
      expect(text).toContain(`breakglass claim ${state.case} --session`);
      expect(text).toContain(`breakglass stop ${state.case}`);
      expect(chat[0]).toContain('Undeclared use of acme-eu');
      expect(chat[0]).toContain(`breakglass stop ${state.case}`);
    }
  });

  it('with no case open, is ended by “stop”', () => {
    const { state, status } = played.alone;
    expect(status).toBe(401);
    expect(state).toMatchObject({ answer: { how: 'stop', by: 'jonas' }, responsible: 'jonas' });
    expect(state.obligations).toContainEqual(
      expect.objectContaining({ kind: 'post-mortem', owner: 'jonas', ended: null }),
    );
  });

  it('is closed only with a rotation, every attestation and the write-up', () => {
    const { closedAs } = played.alone;
    expect(closedAs).toMatchObject({ phase: 'closed', oldCredential: 'replaced' });
    expect(closedAs.rotation).not.toBeNull();
    const attested = closedAs.obligations.filter((each) => each.kind === 'attestation');
    expect(attested.map((each) => each.ended?.evidence)).toEqual(Array(6).fill('attested'));
  });

  it('during a drill, is a case of its own: “stop” ends its session alone, and the drill’s end rotates for both', () => {
    const { state, status, drillStatus, drillPhase, drill, settledAs } = played.besideDrill;
    expect(state).toMatchObject({ opening: { type: 'detected' }, answer: { how: 'stop', by: 'lena' } });
    expect(state.rotation).toBeNull();
    expect({ status, drillStatus, drillPhase }).toEqual({
      ...{ status: 401, drillStatus: 200, drillPhase: 'in-session' },
    });
    expect(settledAs).toMatchObject({ phase: 'settling', rotation: drill.rotation });
  });

  it('claimed late by the requester of the open case, is closed, and the session lives', () => {
    const { state, status } = played.claimedLate;
    expect(state).toMatchObject({ phase: 'closed', answer: { how: 'mine', by: 'maya' }, rotation: null });
    expect(status).toBe(200);
  });
});
