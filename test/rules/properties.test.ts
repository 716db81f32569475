import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blockedBy } from '../../core/rules/account/blocking.ts';
import { casesOf } from '../../core/rules/account/state.ts';
import { finalPhases, isDeclared } from '../../core/rules/case/state.ts';
import { isOwed } from '../../core/rules/obligations.ts';
import { config, t0 } from '../support/rules.ts';
import { holding, make, move, settle, type Move } from './moves.ts';
import { wrongs } from './oracle.ts';
import { World } from './world.ts';

/** A morning, and a moment before midnight: ids carry the date. */
const start = fc.constantFrom(t0, '2026-11-21T23:59:30.000Z');
const moves = fc.array(move, { minLength: 20, maxLength: 120, size: 'max' });
const runs = 60;

const play = async (now: string, made: readonly Move[], after: (world: World) => void = () => undefined) => {
  const world = new World(now, config);
  for (const each of made) {
    await make(world, each);
    after(world);
  }
  return world;
};
const whatever = (
  check: (now: string, made: Move[]) => Promise<void>,
  more: { numRuns?: number; seed?: number } = {},
) =>
  fc.assert(fc.asyncProperty(start, moves, check), {
    ...{ numRuns: runs, interruptAfterTimeLimit: 170_000, markInterruptAsFailure: true, ...more },
  });

describe('whatever people, machines and the clock do', () => {
  it('opens only by a quorum that stands and enough shares, once, and never again when it is over', async () => {
    await whatever(async (now, made) => {
      const world = await play(now, made);
      expect(wrongs(world.entries)).toEqual([]);
    });
  }, 180_000);

  it('the account’s open case is exactly the one between requested and ended', async () => {
    await whatever(async (now, made) => {
      await play(now, made, (world) => {
        const { openCase } = world.account;
        expect(holding(world)).toEqual(openCase === null ? [] : [openCase.case]);
      });
    });
  }, 180_000);

  it('once a share was released, the case ends in a rotation or one is owed or running for it', async () => {
    await whatever(async (now, made) => {
      await play(now, made, ({ cases, account }) => {
        for (const each of cases.values()) {
          const isLeft = !['requested', 'authorised', 'released', 'in-session'].includes(each.phase);
          if (!isLeft || each.releases.length === 0) continue;
          const isComing =
            casesOf(account.rotation).includes(each.case) || account.rotationsOwed.includes(each.case);
          expect(each.rotation !== null || isComing).toBe(true);
          expect(['ended', 'settling', 'closed']).toContain(each.phase);
        }
      });
    });
  }, 180_000);

  it('an undeclared use waits for its answer, and once stopped or ended is rotated away', async () => {
    await whatever(async (now, made) => {
      await play(now, made, ({ cases, account }) => {
        const uses = [...cases.values()].filter((each) => !isDeclared(each));
        const standing = uses.filter(({ phase }) => ['unanswered', 'in-session'].includes(phase));
        expect(account.undeclared.map((each) => each.case).toSorted()).toEqual(
          standing.map((each) => each.case).toSorted(),
        );
        expect(uses.filter(({ phase }) => phase === 'unanswered').length).toBeLessThanOrEqual(1);
        for (const each of uses) {
          const owes = each.obligations.some((one) => one.kind === 'answer' && isOwed(one));
          expect(owes).toBe(each.phase === 'unanswered');
          if (each.phase !== 'ended') continue;
          expect([...casesOf(account.rotation), ...account.rotationsOwed]).toContain(each.case);
        }
      });
    });
  }, 180_000);

  it('a case that is over owes nothing, has no deadline, and stays as it is', async () => {
    await whatever(async (now, made) => {
      const over = new Map<string, string>();
      await play(now, made, ({ cases }) => {
        for (const each of cases.values()) {
          if (!finalPhases.includes(each.phase)) continue;
          expect(each.obligations.filter(isOwed)).toEqual([]);
          // A login may be told late; it changes nothing but the list of logins and when the second factor was passed.
          const { sightings: _, times: __, ...rest } = each;
          const text = JSON.stringify(rest);
          expect(over.get(each.case) ?? text).toBe(text);
          over.set(each.case, text);
          // One whose every session was declared after all is left to those who declared them.
          if (each.phase !== 'closed' || (!isDeclared(each) && each.endedAt === null)) continue;
          expect(each.oldCredential).not.toBeNull();
          expect(each.sessionsEnded).not.toBeNull();
          expect(each.newPair).not.toBeNull();
        }
      });
    });
  }, 180_000);

  it('folding the rows anew gives the state that grew event by event, through JSON or not', async () => {
    await whatever(async (now, made) => {
      const world = await play(now, made);
      const { account, cases } = world.folded();
      expect(account).toEqual(world.account);
      expect(cases).toEqual(world.cases);
      world.continueAsNew();
      expect(world.account).toStrictEqual(account);
      expect(world.cases).toStrictEqual(cases);
    });
  }, 180_000);

  it('what is due comes to an end, and the next deadline is still to come: no timer loops', async () => {
    await whatever(async (now, made) => {
      const world = await play(now, made);
      for (let n = 0; n < 30; n += 1) {
        await world.tick();
        // A tick's row is written once for its instant: what it left over would be due for ever.
        expect(await world.tick()).toBe(0);
        const next = world.nextDeadline();
        if (next === null) return;
        expect(next > world.now).toBe(true);
        world.now = next;
      }
    });
  }, 180_000);

  it('once everybody has done what they owe, every case is over and the account is free', async () => {
    await whatever(async (now, made) => {
      const world = await play(now, made);
      await settle(world);
      expect([...world.cases.values()].filter((each) => !finalPhases.includes(each.phase))).toEqual([]);
      expect(world.account).toMatchObject({
        ...{ openCase: null, rotation: null, rotationsOwed: [], overdue: [], distrusted: null },
      });
      if (world.account.pair !== null) expect(blockedBy(world.account)).toBeNull();
      expect(wrongs(world.entries)).toEqual([]);
    });
  }, 180_000);
});

describe('the histories that are tried', () => {
  it('reach every event of a case and of an account', async () => {
    const wanted = [
      ...['provision-signed', 'rotation-started', 'rotation-proven', 'session-recorded', 'rotation-failed'],
      ...[
        'case-opened',
        'case-left',
        'session-claimed',
        'session-sighted',
        'session-unclaimed',
        'session-gone',
        'attested',
        ...['case-overdue', 'case-caught-up', 'credential-distrusted', 'override-signed', 'overridden'],
      ],
    ]
      .map((each) => `account ${each}`)
      .concat(
        [
          ...['requested', 'approved', 'authorised', 'denied', 'withdrawn', 'expired', 'share-released'],
          ...['released', 'session-claimed', 'session-seen', 'ended', 'sessions-ended', 'rotated'],
          ...[
            'old-credential-works',
            'superseded',
            'old-credential',
            'attested',
            'written-up',
            'reminded',
            'escalated',
            'closed',
            'unsighted',
          ],
          ...['detected', 'answered', 'found', 'finding-settled'],
        ].map((each) => `case ${each}`),
      )
      .sort();
    const seen = new Set<string>();
    await whatever(
      async (now, made) => {
        if (wanted.every((each) => seen.has(each))) return;
        const world = await play(now, made);
        await settle(world);
        for (const each of world.entries.flatMap(({ events }) => events))
          seen.add(`${'case' in each ? 'case' : 'account'} ${each.event.type}`);
        // Always the same histories: whether they reach everything must not be luck.
      },
      { numRuns: 150, seed: 20_261_121 },
    );
    expect([...seen].sort()).toEqual(wanted);
  }, 180_000);
});
