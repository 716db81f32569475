import { describe, expect, it } from 'vitest';
import type { AccountEvent } from '../../core/contracts/events.ts';
import type { AccountStatement } from '../../core/contracts/statements.ts';
import { decideAccount, nextRotation, openCase } from '../../core/rules/account/decide.ts';
import { followAccount, nextAccountDeadline } from '../../core/rules/account/due.ts';
import { evolveAccount } from '../../core/rules/account/evolve.ts';
import { blockedBy } from '../../core/rules/account/blocking.ts';
import { emptyAccount, type AccountState } from '../../core/rules/account/state.ts';
import type { Phase } from '../../core/rules/case/state.ts';
import {
  account,
  accountAfter,
  at,
  attestedAt,
  caseOpened,
  caseRotation,
  config,
  configDigest,
  pairOf,
  person,
  provisioned,
  ready,
  provisionRotation,
  requestDigest,
  requested,
  says,
  t0,
  theCase,
} from '../support/rules.ts';

const given = (state: AccountState, openPhase: Phase | null = null) => ({
  when: (statement: AccountStatement, now = t0) => {
    const about = { now, current: config, currentDigest: configDigest, digest: requestDigest, openPhase };
    const decision = decideAccount(state, statement, about);
    if (!decision.ok) throw new Error(`refused: ${decision.refusal.code}: ${decision.refusal.why}`);
    return {
      then: (...expected: AccountEvent['type'][]) => {
        expect(decision.events.map((each) => each.type)).toEqual(expected);
        return { events: decision.events, state: decision.events.reduce(evolveAccount, state) };
      },
    };
  },
});
const signedBy = (by: string, expiresAt = at(86_400)): AccountEvent => ({
  ...{ type: 'provision-signed', at: t0, by: person(by), expiresAt },
});
const started = (cause: 'case' | 'asked'): AccountEvent => ({
  ...{ type: 'rotation-started', at: at(10), rotation: caseRotation, cause, by: null },
  case: cause === 'case' ? theCase : null,
});
const proven: AccountEvent = {
  ...{ type: 'rotation-proven', at: at(20), rotation: caseRotation, identity: 'i', pair: pairOf(2) },
};
const failed: AccountEvent = { type: 'rotation-failed', at: at(20), rotation: caseRotation, why: 'x' };
const left = (rotate: boolean): AccountEvent => ({ type: 'case-left', at: at(5), case: theCase, rotate });

describe('provisioning', () => {
  it('given one owner, waits for another', () => {
    const { state } = given(emptyAccount(account)).when(says('bob', 'provision')).then('provision-signed');
    expect(state.rotation).toBeNull();
  });

  it('given a second owner, begins the first rotation', () => {
    const { state } = given(accountAfter(signedBy('bob')))
      .when(says('carol', 'provision'))
      .then('provision-signed', 'rotation-started');
    expect(state.rotation).toMatchObject({ id: caseRotation, cause: 'provision', case: null });
    expect(state.provisionSignatures).toEqual([]);
  });

  it('given a first signature that has lapsed, waits on', () => {
    const lapsed = accountAfter(signedBy('bob', at(60)));
    given(lapsed).when(says('carol', 'provision'), at(60)).then('provision-signed');
    given(lapsed).when(says('bob', 'provision'), at(60)).then('provision-signed');
  });

  it('given its proof, holds the pair', () => {
    expect(accountAfter(...provisioned)).toMatchObject({
      ...{ pair: pairOf(1), rotation: null, lastRotation: { id: provisionRotation }, attested: [] },
    });
  });

  it('given its failure, begins anew with two signatures', () => {
    const broken = accountAfter(...provisioned.slice(0, 1), {
      type: 'rotation-failed',
      at: at(0),
      rotation: provisionRotation,
      why: 'no kratos',
    });
    expect(blockedBy(broken)).toBe('rotation/acme-eu/2026-11-20-01 failed: no kratos');
    expect(followAccount(broken, at(10))).toEqual([]);
    given(broken).when(says('carol', 'provision')).then('provision-signed');
  });
});

describe('a request', () => {
  it('opens the account’s one case, numbered by its day', () => {
    const { events, state } = given(accountAfter(...ready))
      .when(says('alice', 'request'))
      .then('case-opened');
    expect(events).toMatchObject([{ case: theCase, by: 'alice', request: requestDigest, at: t0 }]);
    expect(state.openCase).toEqual({ case: theCase, by: 'alice', request: requestDigest });
  });

  it('after another of the same day, takes the next number; of another day, begins again', () => {
    const state = accountAfter(...ready, caseOpened, left(false));
    const sameDay = given(state).when(says('alice', 'request'), at(600)).then('case-opened');
    const nextDay = given(state).when(says('alice', 'request'), at(86_400)).then('case-opened');
    expect([sameDay, nextDay].map(({ events }) => events[0])).toMatchObject([
      { case: 'case/acme-eu/2026-11-21-02' },
      { case: 'case/acme-eu/2026-11-22-01' },
    ]);
  });

  it('begins its case with the terms of the config and the pair of that moment', () => {
    const state = accountAfter(...ready);
    const statement = says('alice', 'request');
    const { events } = given(state).when(statement).then('case-opened');
    const [opened] = events;
    if (opened?.type !== 'case-opened') throw new Error('no case was opened');
    const { terms, ...rest } = requested();
    const seconds = { ...terms.seconds, sighting: config.deadlines.sighting };
    expect(openCase(state, opened, statement, config)).toEqual({ ...rest, terms: { ...terms, seconds } });
  });

  it('cannot begin a case without a sealed pair', () => {
    const opened = caseOpened as Extract<AccountEvent, { type: 'case-opened' }>;
    expect(() => openCase(emptyAccount(account), opened, says('alice', 'request'), config)).toThrow(
      'sealed pair',
    );
  });
});

describe('rotations', () => {
  it('when an owner asks, begin one', () => {
    const { state } = given(accountAfter(...provisioned))
      .when(says('bob', 'rotate'))
      .then('rotation-started');
    expect(state.rotation).toMatchObject({ id: caseRotation, cause: 'asked', case: null });
  });

  it('owed by a case, begin by themselves', () => {
    const owing = accountAfter(...provisioned, caseOpened, left(true));
    const events = followAccount(owing, at(6));
    expect(events).toEqual([
      { type: 'rotation-started', at: at(6), rotation: caseRotation, cause: 'case', case: theCase, by: null },
    ]);
    const running = events.reduce(evolveAccount, owing);
    expect(running.rotationsOwed).toEqual([]);
    expect(followAccount(running, at(7))).toEqual([]);
  });

  it('owed while one runs, wait for it', () => {
    const owing = accountAfter(...provisioned, caseOpened, started('asked'), left(true));
    expect(followAccount(owing, at(11))).toEqual([]);
    expect(followAccount(evolveAccount(owing, proven), at(21))).toMatchObject([
      { cause: 'case', case: theCase, rotation: 'rotation/acme-eu/2026-11-21-02' },
    ]);
  });

  it('not owed by a case that released nothing, do not begin', () => {
    expect(followAccount(accountAfter(...provisioned, caseOpened, left(false)), at(6))).toEqual([]);
  });

  it('proven, replace the pair and forget who attested the old one', () => {
    const attested: AccountEvent = {
      ...{ type: 'attested', at: at(1), by: person('erin'), part: 'password', generation: 1 },
    };
    const before = accountAfter(...provisioned, attested, attested);
    expect(before.attested).toEqual(['password/erin']);
    const after = [started('asked'), proven].reduce(evolveAccount, before);
    expect(after).toMatchObject({
      pair: pairOf(2),
      attested: [],
      lastRotation: { id: caseRotation, at: at(20) },
    });
  });

  it('are numbered by their day', () => {
    const state = accountAfter(...provisioned, started('asked'), proven);
    expect(nextRotation(state, at(30))).toBe('rotation/acme-eu/2026-11-21-02');
    expect(nextRotation(state, at(86_400))).toBe('rotation/acme-eu/2026-11-22-01');
  });
});

describe('the next case is blocked', () => {
  it.each<[string, AccountEvent[], string | null]>([
    ['by nothing, once provisioned and attested', [], null],
    ['while a rotation runs', [started('asked')], 'is not proven yet'],
    ['by one that failed', [started('asked'), failed], 'failed: x'],
    ['by one that is owed', [caseOpened, left(true)], 'has not begun'],
    ['by its sealing, once it is proven', [started('asked'), proven], '0 of the 2 custodians needed'],
    [
      'by its sealing, while one part lacks a custodian',
      [started('asked'), proven, ...attestedAt(at(30), 2).slice(1)],
      'its sealing is not proven: 1 of the 2 custodians needed have attested the password',
    ],
    ['by nothing, once enough have attested', [started('asked'), proven, ...attestedAt(at(30), 2)], null],
    [
      'by attestations of the pair before',
      [started('asked'), proven, ...attestedAt(at(30), 1)],
      '0 of the 2 custodians needed have attested the mfa',
    ],
    [
      'by an old credential that still works',
      [{ type: 'credential-distrusted', at: at(30), case: theCase }],
      `the credential of ${theCase} still works`,
    ],
  ])('%s', (_, events, why) => {
    const blocked = blockedBy(accountAfter(...ready, ...events));
    if (why === null) expect(blocked).toBeNull();
    else expect(blocked).toContain(why);
  });
});

describe('custodians', () => {
  it('attest the pair of a rotation that no case asked for', () => {
    const { state } = given(accountAfter(...provisioned))
      .when(
        says('erin', 'attestation', {
          ...{ case: null, rotation: provisionRotation, generation: 1, seal: pairOf(1).password.seal },
        }),
      )
      .then('attested');
    expect(state.attested).toEqual(['password/erin']);
  });
});

describe('an account with nothing seen', () => {
  it('has no deadline', () => {
    expect(nextAccountDeadline(accountAfter(...provisioned))).toBeNull();
  });
});
