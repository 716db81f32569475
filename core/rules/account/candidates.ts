import type { Candidates, Marks, Pair, SealedAt } from '../../contracts/events.ts';
import { parts, type Part } from '../../contracts/ids.ts';

type OfPart = Candidates[Part];

const only = (live: SealedAt | null): OfPart => ({ live, pending: null });

/** Nothing of ours opens the account: before it is provisioned, or when its identity is gone. */
export const noCandidates: Candidates = { password: only(null), mfa: only(null) };

/** A pair that is proven: nothing else opens the account. */
export const onlyPair = (pair: Pair): Candidates => ({
  password: only(pair.password),
  mfa: only(pair.mfa),
});

/** The generations that are named for a part, the older first. */
export const namedOf = ({ live, pending }: OfPart): SealedAt[] =>
  [live, pending].filter((each) => each !== null);

/** What looking at the marks of a credential says about its candidates. */
export interface Narrowed {
  readonly candidates: Candidates;
  /** Parts that were changed, but not by a generation that is named: by somebody else. */
  readonly changedByOthers: readonly Part[];
  /** A pending generation has not taken effect so far; a call that was on its way may still come. */
  readonly isOpen: boolean;
}

/**
 * Says which of the named generations is the live one, without reading any: a mark that moved since they were
 * named means that the pending one took effect.
 *
 * @param named - the candidates, with the marks as they were when they were named
 * @param now - the marks as they are
 * @returns at most one generation of each part
 */
export const narrow = (
  named: { readonly named: Candidates; readonly marks: Marks },
  now: Marks,
): Narrowed => {
  const mark = { password: 'hash', mfa: 'totp' } as const;
  const looked = parts.map((part) => {
    const { live, pending } = named.named[part];
    const [before, after] = [named.marks[mark[part]], now[mark[part]]];
    const hasMoved = after !== before;
    return {
      part,
      live: after === null ? null : pending !== null && hasMoved ? pending : live,
      // Of what was proven before marks were kept, there is nothing to compare with.
      isOthers: pending === null && before !== null && after !== null && hasMoved,
      isOpen: pending !== null && !hasMoved,
    };
  });
  const liveOf = (part: Part): OfPart => only(looked.find((each) => each.part === part)?.live ?? null);
  return {
    candidates: { password: liveOf('password'), mfa: liveOf('mfa') },
    changedByOthers: looked.filter((each) => each.isOthers).map((each) => each.part),
    isOpen: looked.some((each) => each.isOpen),
  };
};
