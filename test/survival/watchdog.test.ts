/** Workflows terminated and deleted behind our back, on real servers. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chatMessages } from '../whole/checks/alarm.ts';
import { startWhole, type Whole } from '../whole/stack.ts';
import { playDoors, usable, type Doors } from './checks/doors.ts';
import { takeAddress } from './checks/takenAddress.ts';
import { loseWorkflows, type Losses } from './checks/watchdog.ts';

let whole: Whole;
let remove = (): Promise<void> => Promise.resolve();
let losses: Losses;

beforeAll(async () => {
  whole = await startWhole({ progress: () => undefined, watchdogSeconds: 1 });
  remove = () => whole.remove();
  losses = await loseWorkflows(whole, () => undefined, 3);
});
afterAll(() => remove());

describe('a case terminated while it settles, and its account’s workflow deleted', () => {
  it('run again under their ids, as the ledger has them, and each rang once', () => {
    expect(losses.lost.map(({ workflow }) => workflow.split('/')[0])).toEqual(['case', 'account']);
    for (const each of losses.lost) expect(each).toMatchObject({ rang: 1, rebuilt: 1, isSame: true });
  });

  it('rang on the security channels, naming the workflow', async () => {
    const chat = await chatMessages(whole.stack);
    for (const { workflow } of losses.lost) {
      const rang = chat.filter(({ whole: all }) => all.includes(`${workflow} must run and does not`));
      // At least once, and under one id: a channel whose answer was lost is told again.
      expect(new Set(rang.map(({ whole: all }) => all)).size).toBe(1);
    }
  });

  it('nothing owed is lost: the write-up is owed as before, and everybody can do what they owe', () => {
    expect(losses.owedBefore).toContain('session-log/maya');
    expect(losses.owedAfter).toEqual(losses.owedBefore);
    expect(losses.closedAs).toBe('closed');
  });
});

// On the same servers, since they stand.
describe('a session that leaves back doors in a real Kratos', () => {
  let doors: Doors;
  beforeAll(async () => {
    doors = await playDoors(whole, () => undefined);
  });

  it('has them open while it lasts', () => {
    expect(doors.open.traits).toMatchObject({ email: 'elsewhere@evil.example' });
    expect(usable(doors.open)).toEqual(expect.arrayContaining(['lookup_secret', 'webauthn', 'passkey']));
  });

  it('address, backup codes and key are gone with the rotation, and only the passkey, which Kratos keeps, is left', () => {
    const { before, after } = doors;
    expect({ ...after, updatedAt: '', credentials: [] }).toEqual({
      ...before,
      updatedAt: '',
      credentials: [],
    });
    expect(usable(after).toSorted()).toEqual(['passkey', 'password', 'totp']);
  });

  it('passkey and second admin are findings: the case closes when an owner has signed for each, and not before', () => {
    expect(doors.found.toSorted()).toEqual([`admin-${doors.secondAdmin.slice(0, 8)}`, 'credential-passkey']);
    expect(doors.phaseWhileFound).toBe('settling');
    expect(doors.closedAs).toBe('closed');
  });

  it('a recovery code that an admin made, which Kratos neither shows nor takes back, opens nothing without TOTP', () => {
    expect(doors.recovery).toMatchObject({ whoami: 403, settings: 403 });
  });
});

describe('an account’s address that was given to another identity', () => {
  it('holds up no more than the rotation: the old password is refused, it rings, and goes on once the other is gone', async () => {
    const { rang, ...taken } = await takeAddress(whole, () => undefined);
    expect(taken).toEqual({
      oldBefore: 200,
      oldAfter: 400,
      alive: 0,
      newAtLast: 200,
      left: ['password', 'totp'],
    });
    expect(rang).toContain('The rotation of acme-eu failed');
  });
});
