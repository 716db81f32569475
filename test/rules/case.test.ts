import { describe, expect, it } from 'vitest';
import type { CaseEvent } from '../../core/contracts/events.ts';
import { parts } from '../../core/contracts/ids.ts';
import type { CaseStatement } from '../../core/contracts/statements.ts';
import { decideCase, writeUpHeadings } from '../../core/rules/case/decide.ts';
import { dueCase, followCase } from '../../core/rules/case/due.ts';
import { evolveCase } from '../../core/rules/case/evolve.ts';
import { finalPhases, type Phase } from '../../core/rules/case/state.ts';
import { isOwed } from '../../core/rules/obligations.ts';
import {
  approved,
  at,
  caseAfter,
  caseRotation,
  config,
  custodians,
  digestOf,
  filled,
  pairOf,
  releases,
  requested,
  says,
  sessionOf,
  shareReleased,
  sightingOf,
  upTo,
} from '../support/rules.ts';

const textDigest = digestOf('text');

const given = (events: readonly CaseEvent[]) => ({
  when: (statement: CaseStatement, now: string) => {
    const state = caseAfter(events);
    const decision = decideCase(state, statement, { now, current: config, digest: textDigest });
    if (!decision.ok) throw new Error(`refused: ${decision.refusal.code}: ${decision.refusal.why}`);
    return {
      then: (...expected: CaseEvent['type'][]) => {
        expect(decision.events.map((each) => each.type)).toEqual(expected);
        expect(decision.events.every((each) => each.at === now)).toBe(true);
        return decision.events.reduce(evolveCase, state);
      },
    };
  },
});

const owedIn = (events: readonly CaseEvent[]) =>
  caseAfter(events)
    .obligations.filter(isOwed)
    .map((each) => each.id)
    .sort();

describe('a requested case', () => {
  it('given its first approval, waits for another', () => {
    const state = given(upTo('requested')).when(says('bob', 'approval'), at(10)).then('approved');
    expect(state.phase).toBe('requested');
  });

  it('given the second, is authorised, and every custodian owes a share of their part', () => {
    const state = given([requested(), approved('bob', at(30))])
      .when(says('carol', 'approval'), at(60))
      .then('approved', 'authorised');
    expect(state).toMatchObject({ phase: 'authorised', times: { requested: at(0), authorised: at(60) } });
    const shares = parts.flatMap((part) => custodians[part].map((each) => `release/${part}/${each}`));
    expect(state.obligations.filter(isOwed).map((each) => each.id)).toEqual(shares);
  });

  it('given the same person again after a lapse, counts them once', () => {
    const lapsed = [requested(), approved('bob', at(30), at(40))];
    const again = given(lapsed).when(says('bob', 'approval'), at(50)).then('approved');
    expect(again.approvals).toHaveLength(1);
    given([...lapsed, approved('bob', at(50))])
      .when(says('carol', 'approval'), at(60))
      .then('approved', 'authorised');
  });

  it('given a second approval when the first has lapsed, goes on waiting', () => {
    given([requested(), approved('bob', at(30), at(60))])
      .when(says('carol', 'approval'), at(60))
      .then('approved');
  });

  it('given a denial or a withdrawal, is over and owes nothing', () => {
    const denied = given(upTo('requested')).when(says('dan', 'denial'), at(10)).then('denied');
    const withdrawn = given(upTo('requested')).when(says('alice', 'withdrawal'), at(10)).then('withdrawn');
    expect([denied.phase, withdrawn.phase]).toEqual(['denied', 'withdrawn']);
    expect([...denied.obligations, ...withdrawn.obligations].filter(isOwed)).toEqual([]);
    expect([denied.endedAt, withdrawn.endedAt]).toEqual([null, null]);
  });
});

describe('an authorised case', () => {
  it('is not released by enough shares of one part alone', () => {
    const state = given([...upTo('authorised'), shareReleased('erin', 'password', at(70))])
      .when(releases('frank', 'password'), at(80))
      .then('share-released');
    expect(state.phase).toBe('authorised');
  });

  it('given the last share needed, is released, and the other custodians owe nothing more', () => {
    const events = upTo('released').filter(
      (each) => each.type !== 'released' && !(each.type === 'share-released' && each.by === 'ivan'),
    );
    const state = given(events).when(releases('ivan', 'mfa'), at(100)).then('share-released', 'released');
    expect(state.phase).toBe('released');
    expect(state.obligations.filter(isOwed)).toEqual([]);
    expect(state.obligations.find((each) => each.owner === 'gina')?.ended).toEqual({
      at: at(100),
      evidence: 'enough others released',
    });
  });

  it.each([
    ['denied', says('dan', 'denial')],
    ['withdrawn', says('alice', 'withdrawal')],
  ] as const)('before any share, is %s and owes nothing', (phase, statement) => {
    const state = given(upTo('authorised')).when(statement, at(65)).then(phase);
    expect(state.phase).toBe(phase);
    expect(state.obligations.filter(isOwed)).toEqual([]);
  });

  it.each([
    ['denied', says('dan', 'denial')],
    ['withdrawn', says('alice', 'withdrawal')],
  ] as const)(
    'after a share has left its custodian, ends when %s, and is to be written up',
    (type, statement) => {
      const events = [...upTo('authorised'), shareReleased('erin', 'password', at(70))];
      const state = given(events).when(statement, at(75)).then(type);
      expect(state).toMatchObject({ phase: 'ended', endedAt: at(75) });
      expect(state.obligations.filter(isOwed).map((each) => each.id)).toEqual([
        'session-log/alice',
        'post-mortem/alice',
      ]);
    },
  );
});

describe('a released case', () => {
  it('given a claim, is in session', () => {
    expect(caseAfter(upTo('in-session'))).toMatchObject({
      phase: 'in-session',
      sessions: [{ session: sessionOf(1), claimedAt: at(120) }],
    });
  });

  it('given a second claim, stays in session since the first', () => {
    const second = {
      type: 'session-claimed',
      at: at(200),
      by: requested().by,
      session: sessionOf(2),
    } as const;
    const state = caseAfter([...upTo('in-session'), second]);
    expect(state.times['in-session']).toBe(at(120));
    expect(state.sessions.map((each) => each.session)).toEqual([sessionOf(1), sessionOf(2)]);
  });

  it('remembers when access was first complete', () => {
    const seen = (aal: 'aal1' | 'aal2', when: string): CaseEvent => ({
      ...{ type: 'session-seen', at: when, sighting: sightingOf(1, { aal, at: when }) },
    });
    expect(caseAfter([...upTo('in-session'), seen('aal1', at(121))]).times.aal2).toBeUndefined();
    const state = caseAfter([...upTo('in-session'), seen('aal2', at(122)), seen('aal2', at(300))]);
    expect(state.times.aal2).toBe(at(122));
  });

  it.each([
    ['the requester', says('alice', 'end'), 'requester'],
    ['an approver', says('dan', 'end'), 'approver'],
  ] as const)('is ended by %s', (_, statement, how) => {
    for (const phase of ['released', 'in-session'] as const) {
      const state = given(upTo(phase)).when(statement, at(130)).then('ended');
      expect(state.phase).toBe('ended');
    }
    const decision = decideCase(caseAfter(upTo('released')), statement, {
      ...{ now: at(130), current: config, digest: textDigest },
    });
    expect(decision).toMatchObject({ ok: true, events: [{ type: 'ended', how, by: statement.by }] });
  });
});

describe('an ended case', () => {
  it('owes the session log and the post-mortem, and no share', () => {
    expect(owedIn(upTo('ended'))).toEqual(['post-mortem/alice', 'session-log/alice']);
  });

  it('given its rotation, settles: the old credential to be tried, each new share to be attested', () => {
    const state = caseAfter(upTo('settling'));
    expect(state).toMatchObject({ phase: 'settling', rotation: caseRotation, newPair: pairOf(2) });
    const attestations = parts.flatMap((part) =>
      custodians[part].map((each) => `attestation/${part}/${each}`),
    );
    expect(owedIn(upTo('settling'))).toEqual(
      [...attestations, 'post-mortem/alice', 'refusals/alice', 'session-log/alice'].sort(),
    );
  });

  it.each(['ended', 'settling'] as const)('takes its write-ups while %s', (phase) => {
    const text = filled(writeUpHeadings['session-log']);
    const state = given(upTo(phase))
      .when(says('alice', 'write-up', { text }), at(1100))
      .then('written-up');
    expect(state.obligations.find((each) => each.kind === 'session-log')?.ended).toEqual({
      ...{ at: at(1100), evidence: textDigest },
    });
    expect(state.obligations.find((each) => each.kind === 'post-mortem')?.ended).toBeNull();
  });
});

describe('a settling case', () => {
  it('given that the old credential was refused, says so', () => {
    const refusals = says('alice', 'refusals', {
      session: { session: sessionOf(1), refused: true, status: 401 },
    });
    const state = given(upTo('settling')).when(refusals, at(1100)).then('old-credential');
    expect(state.oldCredential).toBe('refused');
    expect(state.obligations.find((each) => each.kind === 'refusals')?.ended?.evidence).toBe('refused');
  });

  it('given an attestation, owes the others', () => {
    const state = given(upTo('settling')).when(says('erin', 'attestation'), at(1100)).then('attested');
    expect(state.obligations.filter((each) => each.ended?.evidence === 'attested')).toMatchObject([
      { id: 'attestation/password/erin' },
    ]);
  });

  const settled: CaseEvent[] = [
    ...upTo('settling'),
    { type: 'old-credential', at: at(1100), by: null, proof: 'replaced', why: '' },
    ...parts.flatMap((part) =>
      custodians[part].map((each): CaseEvent => ({
        type: 'attested',
        at: at(1100),
        by: releases(each, part).by,
        part,
      })),
    ),
    { type: 'written-up', at: at(1100), by: requested().by, document: 'session-log', text: textDigest },
    { type: 'written-up', at: at(1100), by: requested().by, document: 'post-mortem', text: textDigest },
  ];

  it('closes when nothing is owed', () => {
    expect(followCase(caseAfter(settled), at(1200))).toEqual([{ type: 'closed', at: at(1200) }]);
    const closed = caseAfter([...settled, { type: 'closed', at: at(1200) }]);
    expect(closed.phase).toBe('closed');
    expect(followCase(closed, at(1300))).toEqual([]);
  });

  it('does not close while its sessions are not ended', () => {
    const alive = settled.filter((each) => each.type !== 'sessions-ended');
    expect(followCase(caseAfter(alive), at(1200))).toEqual([]);
  });

  it.each(settled.slice(upTo('settling').length).map((_, n) => [n + upTo('settling').length]))(
    'does not close while event %i of its settling is missing',
    (missing) => {
      const events = settled.filter((_, n) => n !== missing);
      expect(followCase(caseAfter(events), at(1200))).toEqual([]);
    },
  );

  it('does not close before it is rotated, whatever is written up', () => {
    const unrotated = settled.filter((each) => each.type !== 'rotated');
    expect(followCase(caseAfter(unrotated), at(1200))).toEqual([]);
  });
});

describe('a case that is over', () => {
  const over: readonly (readonly [Phase, CaseEvent])[] = [
    ['denied', { type: 'denied', at: at(10), by: requested().by, reason: 'no' }],
    ['withdrawn', { type: 'withdrawn', at: at(10), by: requested().by, reason: 'no' }],
    ['expired', { type: 'expired', at: at(600), waitedFor: 'quorum' }],
  ];

  it.each(over)('as %s, takes nothing more and has no deadline', (phase, last) => {
    const state = caseAfter([requested(), last]);
    expect(state.phase).toBe(phase);
    expect(finalPhases).toContain(phase);
    for (const statement of [
      says('bob', 'approval'),
      says('bob', 'denial'),
      says('alice', 'withdrawal'),
      releases('erin', 'password'),
      says('alice', 'end'),
      says('alice', 'refusals'),
      says('erin', 'attestation'),
      says('alice', 'write-up', { text: filled(writeUpHeadings['session-log']) }),
    ])
      expect(
        decideCase(state, statement, { now: at(20), current: config, digest: textDigest }),
      ).toMatchObject({
        ...{ ok: false, refusal: { code: 'wrong-phase' } },
      });
    expect(dueCase(state, at(1_000_000))).toEqual([]);
    expect(followCase(state, at(1_000_000))).toEqual([]);
  });
});

describe('a case’s first event', () => {
  it('cannot be another than its request', () => {
    expect(() => evolveCase(null, { type: 'closed', at: at(0) })).toThrow('a case cannot begin with closed');
  });
});
