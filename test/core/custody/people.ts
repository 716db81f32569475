/** Custodians with keys of their own, and ways to spoil what was sealed to them. */
import { newAgeIdentity, recipientOf } from '../../../core/custody/age.ts';
import { openShare } from '../../../core/custody/open.ts';
import { sealPart } from '../../../core/custody/seal.ts';
import type { Custodian, SealRequest } from '../../../core/custody/seal.ts';
import type { OpenedShare } from '../../../core/custody/shareText.ts';
import type { SealedPart, SealedShare } from '../../../core/contracts/seal.ts';

export interface Keyholder extends Custodian {
  readonly identity: string;
}

export async function makePeople(count: number): Promise<Keyholder[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, place) => {
      const identity = await newAgeIdentity();
      return { person: `person-${place + 1}`, identity, recipient: await recipientOf(identity) };
    }),
  );
}

export const PASSWORD = 'correct horse battery staple, forty characters';

export async function sealTo(
  people: readonly Keyholder[],
  change: Partial<SealRequest> = {},
): Promise<SealedPart> {
  return sealPart({
    account: 'acme-eu',
    part: 'password',
    generation: 3,
    secret: PASSWORD,
    threshold: 2,
    custodians: people.map(({ person, recipient }) => ({ person, recipient })),
    sealedAt: '2026-01-31T12:00:00Z',
    ...change,
  });
}

export async function openAll(sealed: SealedPart, people: readonly Keyholder[]): Promise<OpenedShare[]> {
  return Promise.all(
    people.map(({ person, identity }) => openShare({ sealed, custodian: person, identity })),
  );
}

/** The seal with some facts about one share replaced. */
export function withShare(sealed: SealedPart, place: number, change: Partial<SealedShare>): SealedPart {
  return {
    ...sealed,
    shares: sealed.shares.map((share, at) => (at === place ? { ...share, ...change } : share)),
  };
}

export function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the test has no such value');
  return value;
}

/** Every way to take `size` of the items. */
export function subsets<T>(items: readonly T[], size: number): T[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, place) =>
    subsets(items.slice(place + 1), size - 1).map((rest) => [item, ...rest]),
  );
}

/** The bytes with one of them changed. */
export const flipped = (bytes: Uint8Array, at: number, mask = 1): Uint8Array =>
  Uint8Array.from(bytes, (byte, place) => (place === at ? byte ^ mask : byte));

/** A change to each field of the header, and the fault that a share of before then has. */
export const HEADER_CHANGES = [
  ['account', { account: 'acme-us' }, 'foreign-share'],
  ['part', { part: 'mfa' }, 'foreign-share'],
  ['generation', { generation: 4 }, 'stale-generation'],
  ['threshold', { threshold: 3 }, 'foreign-share'],
  ['time', { sealedAt: '2026-02-01T12:00:00Z' }, 'foreign-share'],
  ['seal', { seal: '0'.repeat(32) }, 'foreign-share'],
] as const;
