import type * as Shamir from 'shamir-secret-sharing';
import { expect, it, vi } from 'vitest';
import { makePeople, sealTo } from './people.ts';

/** A library gone wrong: it splits another key than the one it was given. */
vi.mock('shamir-secret-sharing', async (importOriginal) => {
  const real = await importOriginal<typeof Shamir>();
  return {
    ...real,
    split: (key: Uint8Array, shares: number, threshold: number) =>
      real.split(key.toReversed(), shares, threshold),
  };
});

it('given shares that do not make the key, sealPart refuses rather than give out a seal that cannot be opened', async () => {
  await expect(sealTo(await makePeople(3))).rejects.toMatchObject({ reason: 'payload-tampered' });
});
