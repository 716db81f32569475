import { generateHybridIdentity, identityToRecipient } from 'age-encryption';
import { describe, expect, it } from 'vitest';
import { ageDecrypt, ageEncrypt, newAgeIdentity, recipientOf } from '../../../core/custody/age.ts';
import { ageRecipientSchema } from '../../../core/contracts/seal.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');

describe('age', () => {
  it('given a new identity, has a recipient that its schema accepts', async () => {
    const identity = await newAgeIdentity();
    expect(identity).toMatch(/^AGE-SECRET-KEY-1[0-9A-Z]{58}$/);
    expect(ageRecipientSchema.parse(await recipientOf(identity))).toMatch(/^age1/);
    expect(await newAgeIdentity()).not.toBe(identity);
  });

  it('given two recipients, either opens the armored text', async () => {
    const [one, other, stranger] = [await newAgeIdentity(), await newAgeIdentity(), await newAgeIdentity()];
    const file = await ageEncrypt([await recipientOf(one), await recipientOf(other)], 'for two, Zoë');
    expect(file).toMatch(/^-----BEGIN AGE ENCRYPTED FILE-----\n[\s\S]*\n-----END AGE ENCRYPTED FILE-----\n$/);
    expect(text(await ageDecrypt(one, file))).toBe('for two, Zoë');
    expect(text(await ageDecrypt(other, file))).toBe('for two, Zoë');
    await expect(ageDecrypt(stranger, file)).rejects.toMatchObject({ reason: 'cannot-decrypt' });
  });

  it('given the bytes instead of the armor, opens them too', async () => {
    const identity = await newAgeIdentity();
    const file = await ageEncrypt([await recipientOf(identity)], Buffer.from([0, 1, 255]));
    const bytes = Buffer.from(file.split('\n').slice(1, -2).join(''), 'base64');
    expect([...(await ageDecrypt(identity, bytes))]).toEqual([0, 1, 255]);
  });

  it.each([['no file'], [''], ['-----BEGIN AGE ENCRYPTED FILE-----\n-----END AGE ENCRYPTED FILE-----\n']])(
    'given %j for a file, refuses',
    async (file) => {
      await expect(ageDecrypt(await newAgeIdentity(), file)).rejects.toMatchObject({
        reason: 'cannot-decrypt',
      });
    },
  );

  it.each([[[]], [['age1']], [['ssh-ed25519 AAAA']], [[`age1${'q'.repeat(58)}`]]])(
    'given recipients %j, refuses',
    async (recipients) => {
      await expect(ageEncrypt(recipients, 'x')).rejects.toMatchObject({ reason: 'bad-recipient' });
    },
  );

  it('given a post-quantum key, refuses both halves: the config knows none', async () => {
    const identity = await generateHybridIdentity();
    await expect(recipientOf(identity)).rejects.toMatchObject({ reason: 'bad-identity' });
    const recipient = await identityToRecipient(identity);
    await expect(ageEncrypt([recipient], 'x')).rejects.toMatchObject({ reason: 'bad-recipient' });
  });

  it('given a damaged identity, refuses without repeating it', async () => {
    const identity = await newAgeIdentity();
    for (const wrong of [identity.slice(0, -1), identity.toLowerCase(), `${identity} `, '']) {
      await expect(ageDecrypt(wrong, 'x')).rejects.toMatchObject({
        reason: 'bad-identity',
        message: 'not an age identity (AGE-SECRET-KEY-1…)',
      });
    }
  });
});
