import { describe, expect, it } from 'vitest';
import type { Candidates, Marks, SealedAt } from '../../core/contracts/events.ts';
import { namedOf, narrow, noCandidates } from '../../core/rules/account/candidates.ts';
import { pairOf } from '../support/rules.ts';

const sealed = (generation: number): SealedAt => pairOf(generation).password;
const only = (generation: number): Candidates['password'] => ({ live: sealed(generation), pending: null });
const marks: Marks = { hash: 'a hash', totp: '2026-11-21T08:00:00Z' };
const moved = { hash: 'another hash', totp: '2026-11-21T08:09:00Z' };
const generations = ({ password, mfa }: Candidates) => ({
  password: namedOf(password).map((each) => each.generation),
  mfa: namedOf(mfa).map((each) => each.generation),
});

const pending: Candidates = { password: { live: sealed(1), pending: sealed(2) }, mfa: only(1) };

describe('which of two named generations is live', () => {
  it('is the pending one where the mark moved since it was named', () => {
    const looked = narrow({ named: pending, marks }, { ...marks, hash: moved.hash });
    expect(generations(looked.candidates)).toEqual({ password: [2], mfa: [1] });
    expect(looked).toMatchObject({ isOpen: false, changedByOthers: [] });
  });

  it('is the old one where it did not, and the call may still come', () => {
    const looked = narrow({ named: pending, marks }, marks);
    expect(generations(looked.candidates)).toEqual({ password: [1], mfa: [1] });
    expect(looked).toMatchObject({ isOpen: true, changedByOthers: [] });
  });

  it.each([
    ['password', { ...marks, hash: moved.hash }],
    ['mfa', { ...marks, totp: moved.totp }],
  ] as const)('says that others changed the %s, whose mark moved though nothing was pending', (part, now) => {
    const looked = narrow({ named: { password: only(1), mfa: only(1) }, marks }, now);
    expect(looked.changedByOthers).toEqual([part]);
  });

  it('is none where the credential is gone from Kratos', () => {
    const looked = narrow({ named: pending, marks }, { ...marks, totp: null });
    expect(generations(looked.candidates)).toEqual({ password: [1], mfa: [] });
  });

  it('is nothing of ours before anything was named', () => {
    expect(generations(noCandidates)).toEqual({ password: [], mfa: [] });
  });
});
