import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadKeyRing } from '../../../adapters/temporal/keyRing.ts';

describe('the payload key file', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'breakglass-keys-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const key = (bytes = 32): string => randomBytes(bytes).toString('base64');
  let written = 0;
  const fileOf = async (content: unknown, mode = 0o400): Promise<string> => {
    const file = join(folder, `${(written += 1)}.json`);
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    await chmod(file, mode);
    return file;
  };

  it('gives every key, and which one encrypts', async () => {
    const ring = loadKeyRing(await fileOf({ current: 'b', keys: { a: key(), b: key() } }));
    expect(ring.current).toBe('b');
    expect([...ring.keys.keys()]).toEqual(['a', 'b']);
    expect([...ring.keys.values()].map((each) => each.symmetricKeySize)).toEqual([32, 32]);
  });

  it.each([0o440, 0o404, 0o644, 0o420, 0o410])('is refused when others may use it: mode %o', async (mode) => {
    const file = await fileOf({ current: 'a', keys: { a: key() } }, mode);
    expect(() => loadKeyRing(file)).toThrow(`${file} can be read by others: chmod 0400 it`);
  });

  it.each([0o400, 0o600])('is read when only its owner may: mode %o', async (mode) => {
    expect(loadKeyRing(await fileOf({ current: 'a', keys: { a: key() } }, mode)).current).toBe('a');
  });

  it.each([0, 16, 31, 33])('is refused with a key of %i bytes', async (bytes) => {
    const file = await fileOf({ current: 'a', keys: { a: key(bytes) } });
    expect(() => loadKeyRing(file)).toThrow(`payload key a in ${file} has ${bytes} bytes, not 32`);
  });

  it('is refused when it does not hold the key it names as current', async () => {
    const file = await fileOf({ current: 'c', keys: { a: key() } });
    expect(() => loadKeyRing(file)).toThrow(`${file} names c as current but does not hold it`);
  });

  it.each([
    ['no JSON', '{'],
    ['no keys', { current: 'a' }],
    ['a key that is no base64', { current: 'a', keys: { a: 'not base64!' } }],
    ['a member too many', { current: 'a', keys: {}, more: 1 }],
  ])('is refused with %s', async (_, content) => {
    const file = await fileOf(content);
    expect(() => loadKeyRing(file)).toThrow();
  });

  it('never tells a key in what it throws', async () => {
    const secret = key(31);
    const file = await fileOf({ current: 'a', keys: { a: secret } });
    const said = (): string => {
      try {
        loadKeyRing(file);
        return '';
      } catch (error) {
        return error instanceof Error ? `${error.message}${error.stack ?? ''}` : '';
      }
    };
    expect(said()).toContain('31 bytes');
    expect(said()).not.toContain(secret);
  });
});
