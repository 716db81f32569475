import { beforeAll, describe, expect, it } from 'vitest';
import { createSealStore, SealConflict } from '../../../adapters/postgres/index.ts';
import { storedSeal, type StoredSeal } from '../../../core/contracts/http.ts';
import { digest as digestSchema, type Part } from '../../../core/contracts/ids.ts';
import { newAgeIdentity, recipientOf } from '../../../core/custody/age.ts';
import { sealedPartDigest } from '../../../core/custody/commitment.ts';
import { sealPart, type Custodian } from '../../../core/custody/seal.ts';
import { testDatabase } from '../../support/database.ts';
import { account, at } from './samples.ts';

let custodians: Custodian[];
beforeAll(async () => {
  custodians = await Promise.all(
    ['cleo', 'dan', 'eli'].map(async (person) => ({
      person,
      recipient: await recipientOf(await newAgeIdentity()),
    })),
  );
});

const seal = async (part: Part, generation: number): Promise<StoredSeal> => {
  const request = {
    account,
    part,
    generation,
    secret: 'not a real one',
    threshold: 2,
    custodians,
    sealedAt: at,
  };
  const sealed = await sealPart(request);
  return storedSeal.parse({ sealed, digest: sealedPartDigest(sealed), signature: 'signed by the worker' });
};

describe('the store of seals', () => {
  it('gives back what was put, by digest and by account, newest first', async () => {
    const store = createSealStore(await (await testDatabase()).pool('writer'));
    const [first, second, mfa] = [await seal('password', 1), await seal('password', 2), await seal('mfa', 1)];
    for (const each of [first, second, mfa]) await store.put(each);
    expect(await store.get(first.digest)).toEqual(first);
    expect(await store.get(digestSchema.parse('0'.repeat(64)))).toBeNull();
    expect(await store.byAccount(account)).toEqual([second, mfa, first]);
  });

  it('keeps the same seal once', async () => {
    const store = createSealStore(await (await testDatabase()).pool('writer'));
    const one = await seal('password', 1);
    const two = await seal('password', 2);
    // Several at once, for those that meet are not found by their digest first.
    for (const each of [one, two]) await Promise.all(Array.from({ length: 8 }, () => store.put(each)));
    await store.put(one);
    expect(await store.byAccount(account)).toEqual([two, one]);
  });

  it('refuses another seal under a number that is used up', async () => {
    const store = createSealStore(await (await testDatabase()).pool('writer'));
    const one = await seal('password', 1);
    await store.put(one);
    const other = store.put(await seal('password', 1));
    await expect(other).rejects.toThrow(
      /^another seal is stored as password generation 1 of ops-eu: .*next number/,
    );
    await expect(other).rejects.toBeInstanceOf(SealConflict);
    expect(await store.byAccount(account)).toEqual([one]);
  });

  it('refuses a digest that is not that of the seal', async () => {
    const store = createSealStore(await (await testDatabase()).pool('writer'));
    const [one, other] = [await seal('password', 1), await seal('password', 2)];
    await expect(store.put({ ...one, digest: other.digest })).rejects.toMatchObject({
      name: 'SealUnreadable',
    });
    expect(await store.byAccount(account)).toEqual([]);
  });

  it('knows the highest number of each part, 0 before the first', async () => {
    const store = createSealStore(await (await testDatabase()).pool('writer'));
    expect(await store.highestGeneration(account, 'password')).toBe(0);
    await store.put(await seal('password', 1));
    await store.put(await seal('password', 7));
    expect(await store.highestGeneration(account, 'password')).toBe(7);
    expect(await store.highestGeneration(account, 'mfa')).toBe(0);
  });

  it.each([
    ['another part', `sealed::jsonb || '{"part":"mfa"}'`],
    ['what is no seal', `'{"hello":"world"}'::jsonb`],
  ])('gives out nothing for a seal that was edited into %s', async (_, sealed) => {
    const database = await testDatabase();
    const pool = await database.pool('api');
    const one = await seal('password', 1);
    await createSealStore(await database.pool('writer')).put(one);
    const owner = await database.owner();
    await owner.query('SET search_path = breakglass');
    await owner.query('ALTER TABLE seals DISABLE TRIGGER ALL');
    await expect(owner.query(`UPDATE seals SET sealed = (${sealed})::text`)).rejects.toMatchObject({
      code: '23514',
    });
    await owner.query('ALTER TABLE seals DROP CONSTRAINT seals_digest_is_of_text');
    await owner.query(`UPDATE seals SET sealed = (${sealed})::text`);
    await expect(createSealStore(pool).get(one.digest)).rejects.toMatchObject({ name: 'SealUnreadable' });
  });
});
