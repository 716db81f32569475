/** What stops the next case, what only makes it dearer, and what two owners may do about the first. */
import { describe, expect, it } from 'vitest';
import type { Config } from '../../core/contracts/config.ts';
import type { AccountEvent, CaseEvent } from '../../core/contracts/events.ts';
import type { StreamEvent } from '../../core/contracts/ledger.ts';
import type { AccountStatement } from '../../core/contracts/statements.ts';
import { blockedBy } from '../../core/rules/account/blocking.ts';
import { decideAccount, openCase } from '../../core/rules/account/decide.ts';
import { evolveAccount } from '../../core/rules/account/evolve.ts';
import type { AccountState } from '../../core/rules/account/state.ts';
import { decideCase } from '../../core/rules/case/decide.ts';
import { dueCase, followCase } from '../../core/rules/case/due.ts';
import { isOwed } from '../../core/rules/obligations.ts';
import { messagesOfRow } from '../../core/rules/messages.ts';
import { advance, type Streams } from '../../core/rules/streams.ts';
import {
  account,
  accountAfter,
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
  requestDigest,
  says,
  theCase,
  upTo,
} from '../support/rules.ts';

const judge = (state: AccountState, it: AccountStatement, now: string, current: Config = config) =>
  decideAccount(state, it, {
    ...{ now, current, currentDigest: configDigest, digest: requestDigest, openPhase: null },
  });
const eventsOf = (decision: ReturnType<typeof judge>): readonly AccountEvent[] => {
  if (!decision.ok) throw new Error(decision.refusal.why);
  return decision.events;
};
const blocked = accountAfter(...provisioned);

/** The account and its case while it settles, by the rules' own way there. */
const settling = (): Streams => {
  const started: AccountEvent = {
    ...{
      type: 'rotation-started',
      at: at(1001),
      rotation: caseRotation,
      cause: 'case',
      case: theCase,
      by: null,
    },
  };
  const left: AccountEvent = { type: 'case-left', at: at(1000), case: theCase, rotate: true };
  const state = accountAfter(...ready, caseOpened, left, started);
  const proven: AccountEvent = {
    ...{ type: 'rotation-proven', at: at(1010), rotation: caseRotation, identity: 'i', pair: pairOf(2) },
  };
  const streams = { account: state, cases: new Map([[theCase, caseAfter(upTo('ended'))]]) };
  return advance(streams, [{ account, event: proven }], at(1010)).streams;
};
const after = (streams: Streams, now: string, ...events: CaseEvent[]): Streams =>
  advance(
    streams,
    events.map((event): StreamEvent => ({ case: theCase, event })),
    now,
  ).streams;
const caseIn = ({ cases }: Streams) => {
  const state = cases.get(theCase);
  if (state === undefined) throw new Error('no case');
  return state;
};
const later = (streams: Streams): Streams => {
  const rotation = streams.account.rotation?.id ?? laterRotation;
  const started: AccountEvent = {
    ...{
      type: 'rotation-started',
      at: at(2000),
      rotation: laterRotation,
      cause: 'asked',
      case: null,
      by: null,
    },
  };
  const proven: AccountEvent = {
    ...{ type: 'rotation-proven', at: at(2010), rotation, identity: 'i', pair: pairOf(3) },
  };
  const isRunning = streams.account.rotation !== null;
  const events = [...(isRunning ? [] : [started]), proven].map((event): StreamEvent => ({ account, event }));
  return advance(streams, events, at(2010)).streams;
};

describe('an override', () => {
  const signed = (by: string, expiresAt = at(500)): AccountEvent => ({
    ...{ type: 'override-signed', at: at(0), by: person(by), reason: 'no time', expiresAt },
  });

  it('takes two owners, and lets exactly the next request pass', () => {
    expect(judge(blocked, says('alice', 'request'), at(1))).toMatchObject({
      refusal: { code: 'account-blocked' },
    });
    const first = eventsOf(judge(blocked, says('bob', 'override', { expiresAt: at(500) }), at(1)));
    expect(first.map(({ type }) => type)).toEqual(['override-signed']);
    const once = first.reduce(evolveAccount, blocked);
    const second = eventsOf(judge(once, says('carol', 'override', { expiresAt: at(400) }), at(2)));
    expect(second).toMatchObject([{ type: 'override-signed' }, { type: 'overridden', until: at(400) }]);
    const open = second.reduce(evolveAccount, once);
    const opened = eventsOf(judge(open, says('alice', 'request'), at(3)));
    expect(opened).toMatchObject([{ type: 'case-opened' }]);
    const left: AccountEvent = { type: 'case-left', at: at(4), case: theCase, rotate: false };
    const done = [...opened, left].reduce(evolveAccount, open);
    expect(judge(done, says('alice', 'request'), at(5))).toMatchObject({
      refusal: { code: 'account-blocked' },
    });
  });

  it.each([
    ['one owner alone', [signed('bob')], says('bob', 'override'), 'already-counted'],
    ['nobody but owners', [], says('alice', 'override'), 'not-an-owner'],
    ['not when nothing blocks', ready.slice(2), says('bob', 'override'), 'wrong-phase'],
  ] as const)('is not %s', (_, events, statement, code) => {
    const state = accountAfter(...provisioned, ...events);
    expect(judge(state, statement, at(1))).toMatchObject({ ok: false, refusal: { code } });
  });

  it('lapses: a signature that is too old, and the override itself', () => {
    const stale = accountAfter(...provisioned, signed('bob', at(5)));
    expect(eventsOf(judge(stale, says('carol', 'override'), at(5)))).toMatchObject([
      { type: 'override-signed' },
    ]);
    const over: AccountEvent = { type: 'overridden', at: at(0), until: at(5), blocked: 'x' };
    const state = accountAfter(...provisioned, over);
    expect(judge(state, says('alice', 'request'), at(4)).ok).toBe(true);
    expect(judge(state, says('alice', 'request'), at(5)).ok).toBe(false);
  });

  it('rings with every bell', () => {
    const over: AccountEvent = { type: 'overridden', at: at(0), until: at(5), blocked: 'its sealing' };
    const state = accountAfter(...provisioned, over);
    const current = configWith((it) => {
      if (it.people['kim'] !== undefined) it.people['kim'].roles = ['compliance'];
      if (it.people['ivan'] !== undefined) it.people['ivan'].roles = ['security'];
    });
    const streams = { account: state, cases: new Map() };
    const [message] = messagesOfRow('k', [{ account, event: over }], streams, current);
    expect(message).toMatchObject({ severity: 'alarm', channels: ['ops'] });
    for (const each of ['bob', 'carol', 'alice', 'nils', 'ivan', 'kim']) expect(message?.to).toContain(each);
  });
});

describe('overdue paperwork', () => {
  const late = (): Streams => {
    const streams = settling();
    return after(streams, at(4700), ...dueCase(caseIn(streams), at(4700)));
  };
  const quiet = (current: Config) =>
    openCase(
      late().account,
      { type: 'case-opened', at: at(4701), by: person('alice'), case: theCase, request: requestDigest },
      says('alice', 'request'),
      current,
    ).terms;

  it('raises the next case’s quorum by one, and says why', () => {
    expect(late().account.overdue).toContain(`${theCase}: session-log/alice`);
    expect(quiet(config)).toMatchObject({ need: 3, raised: { from: 2 } });
  });

  it('never asks for more than there are: nothing owed locks the way in', () => {
    const two = configWith((it) => {
      if (it.people['dan'] !== undefined) it.people['dan'].roles = [];
    });
    expect(quiet(two)).toMatchObject({ need: 2, raised: { from: 2 } });
  });

  it('is caught up with: what was late is done, and the quorum is as it was', () => {
    const streams = late();
    const owed = caseIn(streams).obligations.filter(isOwed);
    const done = owed.flatMap(({ kind, id, owner }): CaseEvent[] => {
      const part = id.split('/')[1] === 'mfa' ? 'mfa' : 'password';
      if (kind === 'attestation') return [{ type: 'attested', at: at(4800), by: owner, part }];
      const document = kind === 'session-log' ? kind : 'post-mortem';
      return [{ type: 'written-up', at: at(4800), by: owner, document, text: requestDigest }];
    });
    const { account: state } = after(streams, at(4800), ...done);
    expect(state.overdue).toEqual([]);
    expect(blockedBy(state)).toBeNull();
  });

  it('rings compliance once, however much of it there is', () => {
    const streams = settling();
    const due = dueCase(caseIn(streams), at(4700)).map((event): StreamEvent => ({ case: theCase, event }));
    const { events, streams: then } = advance(streams, due, at(4700));
    expect(events.filter(({ event }) => event.type === 'case-overdue').length).toBeGreaterThan(5);
    const told = messagesOfRow('k', events, then, config).filter(({ title }) => title.includes('raises'));
    expect(told).toHaveLength(1);
  });
});

describe('a later rotation', () => {
  it('supersedes the attestations of a case that settles, and leaves the rest owed', () => {
    const streams = later(settling());
    const owed = caseIn(streams).obligations.filter(isOwed);
    expect(owed.map((each) => each.kind).toSorted()).toEqual(['post-mortem', 'refusals', 'session-log']);
    expect(blockedBy(streams.account)).toContain('its sealing is not proven');
  });
});

describe('an old credential that still works', () => {
  const tried = (streams: Streams, refused: boolean, now: string) =>
    decideCase(
      caseIn(streams),
      says('alice', 'refusals', { password: { generation: 1, refused, status: 200 } }),
      {
        ...{ now, current: config, digest: requestDigest },
      },
    );
  const works = (): Streams => {
    const streams = settling();
    const decision = tried(streams, false, at(1020));
    if (!decision.ok) throw new Error(decision.refusal.why);
    return after(streams, at(1020), ...decision.events);
  };

  it('is recorded, blocks, and begins another rotation', () => {
    const { account: state, cases } = works();
    expect(cases.get(theCase)?.works).toBe(at(1020));
    expect(state.rotation).toMatchObject({ id: laterRotation, cause: 'distrust', case: null });
    expect(state.distrusted).toBe(theCase);
  });

  it('rings as an alarm', () => {
    const streams = settling();
    const event: CaseEvent = { type: 'old-credential-works', at: at(1020), by: person('alice'), why: 'x' };
    const { events, streams: then } = advance(streams, [{ case: theCase, event }], at(1020));
    const alarms = messagesOfRow('k', events, then, config).filter(({ severity }) => severity === 'alarm');
    expect(alarms.map(({ title }) => title)).toEqual([`The old credential of ${account} still works`]);
  });

  it('keeps the case open, whatever else is done, until a later rotation is proven and it was tried again', () => {
    const streams = works();
    const state = caseIn(streams);
    const done = { ...state, obligations: state.obligations.filter((each) => !isOwed(each)) };
    expect(followCase(done, at(1100))).toEqual([]);
    const then = later(streams);
    expect(then.account.distrusted).toBeNull();
    expect(caseIn(then).works).toBeNull();
    expect(
      caseIn(then)
        .obligations.filter(isOwed)
        .map((each) => each.id),
    ).toContain('refusals/alice');
    expect(tried(then, true, at(2020))).toMatchObject({ ok: true, events: [{ proof: 'refused' }] });
  });

  it('that works once more after the next rotation waits for the one after that, and is tried again', () => {
    const once = later(works());
    const decision = tried(once, false, at(2020));
    if (!decision.ok) throw new Error(decision.refusal.why);
    const twice = after(once, at(2020), ...decision.events);
    expect(twice.account.distrusted).toBe(theCase);
    const proven = later(twice);
    expect(caseIn(proven).works).toBeNull();
    expect(tried(proven, true, at(3020))).toMatchObject({ ok: true, events: [{ proof: 'refused' }] });
  });
});
