/** Who is told of an undeclared use, how loudly, and where. */
import { describe, expect, it } from 'vitest';
import type { AccountEvent } from '../../core/contracts/events.ts';
import { caseId } from '../../core/contracts/ids.ts';
import type { Message, StreamEvent } from '../../core/contracts/ledger.ts';
import { dueAccount } from '../../core/rules/account/due.ts';
import { evolveAccount } from '../../core/rules/account/evolve.ts';
import { dueCase } from '../../core/rules/case/due.ts';
import { withDetected } from '../../core/rules/case/detect.ts';
import { messagesOfRow } from '../../core/rules/messages.ts';
import { advance, type Streams } from '../../core/rules/streams.ts';
import {
  account,
  accountAfter,
  at,
  caseOpened,
  configDigest,
  configWith,
  person,
  provisioned,
  sessionOf,
  sightingOf,
  theCase,
} from '../support/rules.ts';

const use = caseId.parse('case/acme-eu/2026-11-21-02');
const config = configWith((it) => {
  it.people['dan']?.roles.push('security');
  Object.assign(it.channels, { bell: { ...it.channels.ops, topicArn: 'arn:aws:sns:here:0:bell' } });
  it.security.channels = ['bell'];
});
/** Every admin, on-call and security person, and nobody else. */
const everybody = ['alice', 'bob', 'carol', 'dan', 'nils'];
const open: Streams = { account: accountAfter(...provisioned, caseOpened), cases: new Map() };

interface Step {
  readonly streams: Streams;
  readonly told: readonly Message[];
}
const row = (streams: Streams, events: StreamEvent[], now: string): Step => {
  const after = advance(streams, events, now);
  return { streams: after.streams, told: messagesOfRow('row', after.events, after.streams, config) };
};
const seen = ({ account: before, cases }: Streams, n: number): Streams => {
  const event: AccountEvent = {
    ...{ type: 'session-sighted', at: at(130), sighting: sightingOf(n), claimBy: at(190) },
  };
  return { account: evolveAccount(before, event), cases };
};
const ring = (streams: Streams): Step =>
  row(
    streams,
    withDetected(streams.account, dueAccount(streams.account, at(190)), { config, digest: configDigest }),
    at(190),
  );
const answers = (n: number) =>
  expect.stringMatching(
    new RegExp(`breakglass claim ${use} --session ${sessionOf(n)}[^]*breakglass stop ${use} --reason`),
  ) as string;
const loud = { severity: 'alarm', to: everybody, channels: ['ops', 'bell'], case: use, drill: false };

describe('of an undeclared use are told', () => {
  const first = ring(seen(open, 1));

  it('all who watch over the account, at the highest severity, where logins ring, with both answers', () => {
    expect(first.told).toMatchObject([{ ...loud, text: answers(1) }]);
  });

  it('the same people again of each further login that joins it', () => {
    const second = ring(seen(first.streams, 2));
    expect(second.told).toMatchObject([{ ...loud, case: null, text: answers(2) }]);
  });

  it('the same people again, once for each time that it went unanswered, though several owe the answer', () => {
    const state = first.streams.cases.get(use);
    if (state === undefined) throw new Error('no case was opened');
    const late = dueCase(state, at(490)).map((event): StreamEvent => ({ case: use, event }));
    expect(late).toHaveLength(2);
    const { told } = row(first.streams, late, at(490));
    expect(told.filter((each) => each.severity === 'alarm')).toMatchObject([{ ...loud, text: answers(1) }]);
  });

  it('the same people when somebody owns up to it without authorisation, as loudly: a thief would say so too', () => {
    const claimed: StreamEvent = {
      account,
      event: { type: 'session-claimed', at: at(200), by: person('nils'), case: use, session: sessionOf(1) },
    };
    const { told } = row(first.streams, [claimed], at(200));
    expect(told.filter((each) => each.severity === 'alarm')).toMatchObject([
      { ...loud, title: expect.stringContaining('nils') as string },
    ]);
  });

  it('the same people when it is stopped, by whom, and that an open case keeps the old credential till its end', () => {
    const stopped: StreamEvent[] = [
      {
        case: use,
        event: { type: 'answered', at: at(200), by: person('dan'), how: 'stop', claimedFor: null },
      },
      {
        case: use,
        event: { type: 'ended', at: at(200), by: person('dan'), how: 'stopped', reason: 'unknown' },
      },
    ];
    const { told } = row(first.streams, stopped, at(200));
    const all = told.find((each) => each.to.length === everybody.length);
    expect(all).toMatchObject({ ...loud, severity: 'warning' });
    expect(all?.title).toContain('dan');
    expect(all?.text).toContain(`breakglass stop ${theCase}`);
  });
});
