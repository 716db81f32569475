import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalize } from '../../../core/contracts/canonical.ts';
import type { Digest } from '../../../core/contracts/ids.ts';
import type { Envelope } from '../../../core/contracts/statements.ts';
import { verifyConfigChain } from '../../../core/trust/configChain.ts';
import { configDigest, type KnownConfig } from '../../../core/trust/configFile.ts';
import { openEnvelope } from '../../../core/trust/envelope.ts';
import { makeOrg, newNonce, yamlOf, type Name, type Org } from '../../support/org.ts';

const now = '2026-11-21T10:00:00.000Z';

describe('a signed statement', () => {
  let org: Org;
  let configs: ReadonlyMap<Digest, KnownConfig>;
  let current: Digest;
  beforeAll(async () => {
    org = await makeOrg();
    // In the second config erin has a new key beside the old one, frank has another, and nils has left.
    const { nils: _, ...people } = structuredClone(org.data.people);
    people.erin.sshKeys.push(org.keys.nils.publicKey);
    people.frank.sshKeys = [org.keys.worker.publicKey];
    const yaml = yamlOf({ ...org.data, people });
    const chain = [...org.chain, await org.accept(yaml, org.digest, ['bob', 'carol'])];
    const verified = verifyConfigChain(chain, org.digest);
    if (!verified.ok) throw new Error(verified.why);
    ({ configs } = verified);
    current = verified.current.digest;
    expect(current).toBe(configDigest(yaml));
  });
  afterAll(() => org.remove());

  const rotate = (members: Record<string, string | number> = {}) => ({
    ...{
      type: 'rotate',
      v: 1,
      by: 'bob',
      config: org.digest,
      nonce: newNonce(),
      account: 'acme-eu',
      reason: 'leak',
    },
    ...{ signedAt: '2026-11-21T10:00:00.000Z', expiresAt: '2026-11-21T11:00:00.000Z', ...members },
  });
  const open = (envelope: Envelope) => openEnvelope({ envelope, configs, current, now });
  const codeOf = (envelope: Envelope) => {
    const opened = open(envelope);
    return opened.ok ? 'ok' : opened.refusal.code;
  };
  const signed = (by: Name, members?: Record<string, string | number>) =>
    org.seal(by, rotate({ by, ...members }));

  it('given a key of its person in both configs, opens, with the config it was signed under', async () => {
    const opened = open(await signed('bob'));
    expect(opened).toMatchObject({ ok: true, statement: { by: 'bob' }, pinned: { digest: org.digest } });
    expect(opened.ok && opened.fingerprint).toMatch(/^SHA256:/);
  });

  it.each([
    ['text that is no JSON', 'hello'],
    ['JSON that is not canonical', '{"v":1, "type":"rotate"}'],
    ['canonical JSON that is no statement', '{"type":"rotate","v":1}'],
    ['a config acceptance, which is no decision', canonicalize({ type: 'config', v: 1 })],
  ])('given %s, is malformed and names nobody', async (_, statement) => {
    const opened = open({ statement, signature: await org.sign('bob', statement) });
    expect(opened).toMatchObject({ ok: false, by: null, refusal: { code: 'malformed-statement' } });
  });

  it('given a statement with a member too many, is malformed', async () => {
    expect(codeOf(await signed('bob', { extra: 'x' }))).toBe('malformed-statement');
  });

  it('given a config that was never in force, is refused', async () => {
    expect(codeOf(await signed('bob', { config: configDigest('other') }))).toBe('unknown-config');
  });

  it('given a person who has left, or never was, is refused and keeps the claimed name', async () => {
    expect(open(await signed('nils'))).toMatchObject({ refusal: { code: 'unknown-person' }, by: 'nils' });
    for (const by of ['zoe', 'constructor', 'has-own-property']) {
      expect(codeOf(await org.seal('bob', rotate({ by })))).toBe('unknown-person');
    }
  });

  it('given a key that stands in one of the two configs only, is refused', async () => {
    expect(codeOf(await signed('frank'))).toBe('unknown-key');
    expect(codeOf(await org.seal('nils', rotate({ by: 'erin' })))).toBe('unknown-key');
    expect(codeOf(await org.seal('nils', rotate({ by: 'erin', config: current })))).toBe('ok');
  });

  it('given somebody else’s key, is refused', async () => {
    expect(codeOf(await org.seal('alice', rotate({ by: 'bob' })))).toBe('unknown-key');
  });

  it('given a signature over other text, in another namespace or none at all, is refused', async () => {
    const envelope = await signed('bob');
    const other = await signed('bob');
    expect(codeOf({ ...envelope, signature: other.signature })).toBe('bad-signature');
    expect(codeOf({ ...envelope, signature: 'yes' })).toBe('malformed-signature');
    const { statement } = envelope;
    const signature = await org.sign('bob', statement, 'sign-in@breakglass');
    expect(codeOf({ statement, signature })).toBe('wrong-namespace');
  });

  it.each([
    ['signed 60 s ahead of our clock', { signedAt: '2026-11-21T10:01:00.000Z' }, 'ok'],
    ['signed 60.001 s ahead of it', { signedAt: '2026-11-21T10:01:00.001Z' }, 'future-dated'],
    ['that ends now', { signedAt: '2026-11-21T09:00:00.000Z', expiresAt: now }, 'expired'],
    ['good for a day', { expiresAt: '2026-11-22T10:00:00.000Z' }, 'ok'],
    ['good for a moment more', { expiresAt: '2026-11-22T10:00:00.001Z' }, 'lives-too-long'],
  ])('given one %s, says %s', async (_, times, code) => {
    expect(codeOf(await signed('bob', times))).toBe(code);
  });

  it('given any change of one character, never opens', async () => {
    const envelope = await signed('bob');
    fc.assert(
      fc.property(
        fc.nat(envelope.statement.length - 1),
        fc.string({ minLength: 1, maxLength: 1 }),
        (at, other) => {
          fc.pre(envelope.statement[at] !== other);
          const statement = envelope.statement.slice(0, at) + other + envelope.statement.slice(at + 1);
          expect(codeOf({ ...envelope, statement })).not.toBe('ok');
        },
      ),
    );
  });

  it('given any text at all, never throws', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (statement, signature) => {
        expect(open({ statement, signature }).ok).toBe(false);
      }),
    );
  });
});
