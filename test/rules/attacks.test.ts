/** Ways round the rules that were tried; each was open once, or looks as if it might be. */
import { describe, expect, it } from 'vitest';
import type { AccountEvent } from '../../core/contracts/events.ts';
import { rotationId } from '../../core/contracts/ids.ts';
import { decideAccount, nextRotation } from '../../core/rules/account/decide.ts';
import { dueAccount, followAccount } from '../../core/rules/account/due.ts';
import { evolveAccount } from '../../core/rules/account/evolve.ts';
import { blockedBy } from '../../core/rules/account/blocking.ts';
import { emptyAccount } from '../../core/rules/account/state.ts';
import { decideCase } from '../../core/rules/case/decide.ts';
import { advance } from '../../core/rules/streams.ts';
import {
  account,
  accountAfter,
  approved,
  at,
  caseAfter,
  caseOpened,
  caseRotation,
  config,
  configDigest,
  configWith,
  laterRotation,
  pairOf,
  person,
  provisioned,
  ready,
  releases,
  requestDigest,
  requested,
  says,
  sessionOf,
  sightingOf,
  theCase,
  t0,
  upTo,
  without,
  type ConfigData,
} from '../support/rules.ts';

const circumstances = { current: config, digest: requestDigest };
const onAccount = { ...circumstances, currentDigest: configDigest, openPhase: null };
const acme = (it: ConfigData) => it.accounts['acme-eu'] as { quorum: { need: number }; principals: string[] };
const refusal = (decision: ReturnType<typeof decideCase> | ReturnType<typeof decideAccount>) =>
  decision.ok ? 'accepted' : decision.refusal.code;

describe('a quorum that no longer stands', () => {
  const authorised = caseAfter(upTo('authorised'));

  it('when an approver has lost the role since, releases nothing', () => {
    const about = { ...circumstances, now: at(70), current: without('carol') };
    expect(refusal(decideCase(authorised, releases('erin', 'password'), about))).toBe('quorum-not-met');
  });

  it('when an approval has lapsed since, releases nothing', () => {
    const lapsing = caseAfter([
      requested(),
      approved('bob', at(30), at(65)),
      approved('carol', at(60)),
      { type: 'authorised', at: at(60) },
    ]);
    expect(
      refusal(decideCase(lapsing, releases('erin', 'password'), { ...circumstances, now: at(64) })),
    ).toBe('accepted');
    expect(
      refusal(decideCase(lapsing, releases('erin', 'password'), { ...circumstances, now: at(65) })),
    ).toBe('quorum-not-met');
  });

  it('when the config in force asks for more people, is not met by the old number', () => {
    const current = configWith((it) => (acme(it).quorum.need = 3));
    const about = { ...circumstances, current, now: at(60) };
    const once = caseAfter([requested(), approved('bob', at(30))]);
    const second = decideCase(once, says('carol', 'approval'), about);
    expect(second.ok && second.events.map((each) => each.type)).toEqual(['approved']);
    const twice = caseAfter([requested(), approved('bob', at(30)), approved('carol', at(60))]);
    const third = decideCase(twice, says('dan', 'approval'), about);
    expect(third.ok && third.events.map((each) => each.type)).toEqual(['approved', 'authorised']);
    expect(refusal(decideCase(authorised, releases('erin', 'password'), about))).toBe('quorum-not-met');
  });

  it('when the requester may no longer use the account, neither counts nor releases', () => {
    const current = configWith((it) => (acme(it).principals = ['nils']));
    const about = { ...circumstances, current, now: at(70) };
    expect(refusal(decideCase(caseAfter(upTo('requested')), says('bob', 'approval'), about))).toBe(
      'not-a-principal',
    );
    expect(refusal(decideCase(authorised, releases('erin', 'password'), about))).toBe('not-a-principal');
  });

  it('when the account is gone from the config in force, neither counts nor releases', () => {
    const current = configWith((it) => (it.accounts = {}));
    const about = { ...circumstances, current, now: at(70) };
    expect(refusal(decideCase(caseAfter(upTo('requested')), says('bob', 'approval'), about))).toBe(
      'unknown-account',
    );
    expect(refusal(decideCase(authorised, releases('erin', 'password'), about))).toBe('unknown-account');
  });
});

describe('a decision that comes after its deadline, before the timer', () => {
  it('given an approval, does not count', () => {
    const once = caseAfter([requested(), approved('bob', at(30))]);
    const approval = says('carol', 'approval');
    expect(refusal(decideCase(once, approval, { ...circumstances, now: at(599) }))).toBe('accepted');
    expect(refusal(decideCase(once, approval, { ...circumstances, now: at(600) }))).toBe('expired');
  });

  it('given a share, releases nothing', () => {
    const authorised = caseAfter(upTo('authorised'));
    const share = releases('erin', 'password');
    expect(refusal(decideCase(authorised, share, { ...circumstances, now: at(659) }))).toBe('accepted');
    expect(refusal(decideCase(authorised, share, { ...circumstances, now: at(660) }))).toBe('expired');
  });

  it('given a denial, a withdrawal or an end, still closes what is open', () => {
    const requestedCase = caseAfter(upTo('requested'));
    const late = { ...circumstances, now: at(9_000) };
    expect(refusal(decideCase(requestedCase, says('bob', 'denial'), late))).toBe('accepted');
    expect(refusal(decideCase(requestedCase, says('alice', 'withdrawal'), late))).toBe('accepted');
    expect(refusal(decideCase(caseAfter(upTo('in-session')), says('alice', 'end'), late))).toBe('accepted');
  });
});

describe('a case whose rotation failed', () => {
  const started: AccountEvent = {
    ...{
      type: 'rotation-started',
      at: at(1000),
      rotation: caseRotation,
      cause: 'case',
      case: theCase,
      by: null,
    },
  };
  const left: AccountEvent = { type: 'case-left', at: at(1000), case: theCase, rotate: true };
  const failed: AccountEvent = {
    type: 'rotation-failed',
    at: at(1200),
    rotation: caseRotation,
    why: 'no driver',
  };
  const broken = accountAfter(...provisioned, caseOpened, left, started, failed);

  it('is still owed one, and blocks the next', () => {
    expect(broken.rotationsOwed).toEqual([theCase]);
    expect(blockedBy(broken)).toContain('no driver');
  });

  it('does not begin another by itself: it would fail again, at once and for ever', () => {
    expect(followAccount(broken, at(1300))).toEqual([]);
  });

  it('when an owner asks for another, is settled by it', () => {
    const decision = decideAccount(broken, says('bob', 'rotate'), { ...onAccount, now: at(1300) });
    expect(decision).toMatchObject({ ok: true, events: [{ cause: 'asked', case: theCase }] });
    const ended = caseAfter(upTo('ended'));
    const streams = { account: broken, cases: new Map([[theCase, ended]]) };
    const asked = decision.ok ? decision.events.map((event) => ({ account, event })) : [];
    const begun = advance(streams, asked, at(1300)).streams;
    const proven: AccountEvent = {
      ...{ type: 'rotation-proven', at: at(1310), rotation: laterRotation, identity: 'i', pair: pairOf(2) },
    };
    const after = advance(begun, [{ account, event: proven }], at(1310)).streams;
    expect(after.cases.get(theCase)).toMatchObject({ phase: 'settling', rotation: laterRotation });
    expect(after.account.rotationsOwed).toEqual([]);
    expect(blockedBy(after.account)).toContain('its sealing is not proven');
  });
});

describe('a late word about a rotation that is over', () => {
  const running = accountAfter(...provisioned, {
    ...{
      type: 'rotation-started',
      at: at(10),
      rotation: laterRotation,
      cause: 'case',
      case: theCase,
      by: null,
    },
  });
  const streams = { account: running, cases: new Map([[theCase, caseAfter(upTo('ended'))]]) };

  it('given its failure, leaves the running one alone', () => {
    const late: AccountEvent = { type: 'rotation-failed', at: at(20), rotation: caseRotation, why: 'late' };
    expect(evolveAccount(running, late)).toEqual(running);
  });

  it('given its proof, neither ends the running one nor settles its case', () => {
    const late: AccountEvent = {
      ...{ type: 'rotation-proven', at: at(20), rotation: caseRotation, identity: 'i', pair: pairOf(2) },
    };
    const after = advance(streams, [{ account, event: late }], at(20)).streams;
    expect(after.account.rotation?.id).toBe(laterRotation);
    expect(after.cases.get(theCase)?.phase).toBe('ended');
  });
});

describe('a clock that steps back over midnight', () => {
  const midnight = '2026-11-22T00:00:00.010Z';
  const before = '2026-11-21T23:59:59.990Z';

  it('given a case of the new day, opens no second case under an old id', () => {
    const next = 'case/acme-eu/2026-11-22-02';
    const left: AccountEvent = { type: 'case-left', at: midnight, case: theCase, rotate: false };
    const opened: AccountEvent = {
      ...{ type: 'case-opened', at: midnight, by: person('alice'), case: theCase, request: requestDigest },
    };
    const state = accountAfter(...ready, caseOpened, left, opened, left);
    const decision = decideAccount(state, says('alice', 'request'), { ...onAccount, now: before });
    expect(decision).toMatchObject({ ok: true, events: [{ case: next }] });
    const again = decision.ok ? decision.events.reduce(evolveAccount, state) : state;
    expect(again.casesOn).toEqual({ date: '2026-11-22', count: 2 });
  });

  it('given a rotation of the new day, starts no second one under an old id', () => {
    const rotation = rotationId.parse('rotation/acme-eu/2026-11-22-01');
    const state = accountAfter(...provisioned, {
      ...{ type: 'rotation-started', at: midnight, rotation, cause: 'asked', case: null, by: person('bob') },
    });
    expect(nextRotation(state, before)).toBe('rotation/acme-eu/2026-11-22-02');
  });
});

describe('names that every object has', () => {
  it('as an account, are unknown', () => {
    const id = says('bob', 'provision', { account: 'constructor' as typeof account });
    const state = emptyAccount(id.account);
    expect(refusal(decideAccount(state, id, { ...onAccount, now: t0 }))).toBe('unknown-account');
  });

  it.each(['constructor', 'toString', '__proto__'])('as a scenario, are unknown: %s', (scenario) => {
    const decision = decideAccount(accountAfter(...provisioned), says('alice', 'request', { scenario }), {
      ...onAccount,
      now: t0,
    });
    expect(refusal(decision)).toBe('unknown-scenario');
  });

  it('as a condition, are none of the scenario’s', () => {
    const conditions = ['nobody-signs-in', 'sev-0', 'toString'];
    const decision = decideAccount(accountAfter(...provisioned), says('alice', 'request', { conditions }), {
      ...onAccount,
      now: t0,
    });
    expect(refusal(decision)).toBe('missing-condition');
  });
});

describe('a flood of logins', () => {
  const flood = Array.from({ length: 60 }, (_, n): AccountEvent => {
    const seen = sightingOf(n + 10, { at: at(1) });
    return { type: 'session-sighted', at: at(1), sighting: seen, claimBy: at(61) };
  });
  const state = accountAfter(...provisioned, ...flood);

  it('pushes out none that nobody has claimed and that has not rung', () => {
    expect(dueAccount(state, at(61))).toHaveLength(60);
  });

  it('once they have rung, is forgotten but for the newest', () => {
    const rung = dueAccount(state, at(61)).reduce(evolveAccount, state);
    const next: AccountEvent = {
      type: 'session-sighted',
      at: at(70),
      sighting: sightingOf(1),
      claimBy: at(130),
    };
    expect(evolveAccount(rung, next).seen).toHaveLength(50);
  });
});

describe('an attestation that a case waits for', () => {
  it('brought before the account, is sent to its case', () => {
    const state = accountAfter(...provisioned);
    const stray = says('erin', 'attestation', {
      ...{ rotation: state.lastRotation?.id ?? caseRotation, case: theCase, generation: 1 },
      seal: pairOf(1).password.seal,
    });
    expect(refusal(decideAccount(state, stray, { ...onAccount, now: at(10) }))).toBe('wrong-case');
    const asked = { ...stray, case: null };
    expect(refusal(decideAccount(state, asked, { ...onAccount, now: at(10) }))).toBe('accepted');
  });
});

describe('one login, reported three times', () => {
  it('is one login of the case, as it was last seen', () => {
    const seen = (aal: 'aal1' | 'aal2') => ({
      ...({ type: 'session-seen', at: at(130), sighting: sightingOf(1, { aal }) } as const),
    });
    const state = caseAfter([...upTo('in-session'), seen('aal1'), seen('aal2'), seen('aal2')]);
    expect(state.sightings).toEqual([sightingOf(1, { aal: 'aal2' })]);
  });
});

describe('a session claimed while another case holds it', () => {
  it('is refused, whoever asks', () => {
    const claimed: AccountEvent = {
      ...{ type: 'session-claimed', at: at(120), by: person('alice'), case: theCase, session: sessionOf(1) },
    };
    const state = accountAfter(...provisioned, caseOpened, claimed);
    const about = { ...onAccount, now: at(130), openPhase: 'in-session' } as const;
    expect(refusal(decideAccount(state, says('alice', 'claim'), about))).toBe('already-counted');
  });
});
