import { describe, expect, it } from 'vitest';
import { eligible, needed, standing } from '../../core/rules/quorum.ts';
import { account, at, config, person, without } from '../support/rules.ts';

const alice = person('alice');
const bob = person('bob');
const carol = person('carol');
const dan = person('dan');
const rule = { role: 'senior', approvers: [bob, carol, dan], requester: alice } as const;
const yes = (by: typeof bob, expiresAt = at(100)) => ({ by, expiresAt });

describe('who may count', () => {
  it('holds the role and did not ask', () => {
    expect(eligible(config, 'senior', alice)).toEqual([bob, carol, dan]);
    expect(eligible(config, 'senior', bob)).toEqual([alice, carol, dan]);
    expect(eligible(config, 'auditor', bob)).toEqual([]);
  });
});

describe('who counts', () => {
  it('is each person once, however often they signed', () => {
    expect(standing([yes(bob), yes(bob, at(200)), yes(carol)], rule, config, at(50))).toEqual([bob, carol]);
  });

  it('counts until the instant at which the approval lapses, and no longer', () => {
    expect(standing([yes(bob)], rule, config, at(99.999))).toEqual([bob]);
    expect(standing([yes(bob)], rule, config, at(100))).toEqual([]);
  });

  it('holds the role in the config in force as well as in the pinned one', () => {
    expect(standing([yes(bob), yes(carol)], rule, without('bob'), at(50))).toEqual([carol]);
    expect(standing([yes(bob), yes(carol)], { ...rule, approvers: [bob] }, config, at(50))).toEqual([bob]);
  });

  it('is never the requester, even if the pinned terms said so', () => {
    expect(standing([yes(alice)], { ...rule, approvers: [alice, bob] }, config, at(50))).toEqual([]);
  });
});

describe('how many are needed', () => {
  it('is the stricter of the pinned config and the one in force', () => {
    const inForce = config.accounts[account] ?? null;
    expect([needed(1, inForce), needed(2, inForce), needed(3, inForce), needed(3, null)]).toEqual([
      2, 2, 3, 3,
    ]);
  });
});
