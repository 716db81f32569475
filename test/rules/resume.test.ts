import { describe, expect, it } from 'vitest';
import type { AccountEvent } from '../../core/contracts/events.ts';
import { followAccount, nextAccountDeadline } from '../../core/rules/account/due.ts';
import { evolveAccount } from '../../core/rules/account/evolve.ts';
import { emptyAccount, resumeAccount, type AccountState } from '../../core/rules/account/state.ts';
import { caseLearns } from '../../core/rules/crossing.ts';
import {
  account,
  accountAfter,
  at,
  caseOpened,
  caseRotation,
  person,
  provisioned,
  sessionOf,
  sightingOf,
  theCase,
} from '../support/rules.ts';

const rotating: AccountEvent = {
  ...{ type: 'rotation-started', at: at(200), rotation: caseRotation, cause: 'asked', case: null },
  by: person('olga'),
};
const known = accountAfter(...provisioned, caseOpened, rotating);
const without = <T extends object>(state: T, member: keyof T): T =>
  // As JSON, which is how a run's state is carried.
  JSON.parse(JSON.stringify({ ...state, [member]: undefined })) as T;

/** Events after which every list and record of an account was looked at. */
const next: readonly AccountEvent[] = [
  { type: 'session-sighted', at: at(210), sighting: sightingOf(1), claimBy: at(270) },
  { ...{ type: 'session-claimed', at: at(220), by: person('alice') }, case: theCase, session: sessionOf(1) },
  { type: 'session-gone', at: at(230), session: sessionOf(1), lastActiveAt: at(225) },
  { type: 'override-signed', at: at(240), by: person('olga'), reason: 'sso is down', expiresAt: at(900) },
  { type: 'case-overdue', at: at(250), case: theCase, obligation: 'post-mortem' },
  { type: 'workflow-gone', at: at(260), workflow: theCase },
  { type: 'case-left', at: at(270), case: theCase, rotate: true },
];
const goOn = (from: AccountState): void => {
  for (const event of next) {
    const after = evolveAccount(from, event);
    caseLearns(from, event, after);
    followAccount(after, event.at);
    nextAccountDeadline(after);
    from = after;
  }
};

describe('an account continued from a run of older code', () => {
  const members = Object.keys(emptyAccount(account)) as (keyof AccountState)[];

  it.each(members)('that did not know %s: has it as nothing known, and goes on', (member) => {
    const old = without(known, member);
    expect(member in old).toBe(false);
    const resumed = resumeAccount(account, old);
    expect(resumed).toEqual({ ...known, [member]: emptyAccount(account)[member] });
    goOn(resumed);
  });

  it.each(['also', 'lead'] as const)('whose running rotation had no %s', (member) => {
    const { rotation } = known;
    if (rotation === null) throw new Error('no rotation runs');
    const resumed = resumeAccount(account, { ...known, rotation: without(rotation, member) });
    expect(resumed).toEqual(known);
  });

  it('that knew all: loses nothing; the very first start: knows nothing', () => {
    expect(resumeAccount(account, known)).toEqual(known);
    expect(resumeAccount(account)).toEqual(emptyAccount(account));
  });
});
