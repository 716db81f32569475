import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namespaces } from '../../../core/contracts/statements.ts';
import { readConfigText } from '../../../core/trust/configFile.ts';
import { verifySignIn } from '../../../core/trust/signIn.ts';
import { makeOrg, newNonce, type Name, type Org } from '../../support/org.ts';

const now = '2026-11-21T10:00:00.000Z';
const origin = 'http://127.0.0.1:7400';

describe('signing in', () => {
  let org: Org;
  beforeAll(async () => {
    org = await makeOrg(origin);
  });
  afterAll(() => org.remove());

  const answer = async (
    by: Name,
    members: Record<string, string> = {},
    namespace: string = namespaces.signIn,
  ) => {
    const challenge = {
      ...{
        type: 'sign-in',
        v: 1,
        origin,
        person: by,
        nonce: newNonce(),
        expiresAt: '2026-11-21T10:01:00.000Z',
      },
      ...members,
    };
    const read = readConfigText(org.yaml);
    if (!read.ok) throw new Error('the test config cannot be read');
    const envelope = await org.seal(by, challenge, namespace);
    return verifySignIn({ envelope, config: read.config, origin, now });
  };

  it('given a fresh challenge signed by the person’s key, is that person', async () => {
    expect(await answer('alice')).toMatchObject({ ok: true, challenge: { person: 'alice' } });
  });

  it.each([
    ['another origin', { origin: 'http://evil.example' }, /is for http:\/\/evil\.example/],
    ['an expired challenge', { expiresAt: now }, /has expired/],
    ['a challenge signed for tomorrow', { expiresAt: '2026-11-22T10:00:00.000Z' }, /lives too long/],
    ['another person’s name', { person: 'bob' }, /not allowed here/],
    ['the name of nobody', { person: 'constructor' }, /has no person/],
    ['a member too many', { extra: 'x' }, /not a sign-in challenge/],
  ])('given %s, is refused', async (_, members, why) => {
    const signedIn = await answer('alice', members);
    expect(signedIn.ok ? 'signed in' : signedIn.why).toMatch(why);
  });

  it('given the namespace of decisions, is refused', async () => {
    expect(await answer('alice', {}, namespaces.decision)).toMatchObject({ ok: false });
  });
});
