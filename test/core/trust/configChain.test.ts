import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SignedConfig } from '../../../core/contracts/http.ts';
import type { Digest } from '../../../core/contracts/ids.ts';
import { verifyConfigChain } from '../../../core/trust/configChain.ts';
import { configDigest } from '../../../core/trust/configFile.ts';
import { makeOrg, newNonce, yamlOf, type Name, type Org } from '../../support/org.ts';

describe('the chain of signed configs', () => {
  let org: Org;
  let second: string;
  beforeAll(async () => {
    org = await makeOrg();
    second = yamlOf({ ...org.data, organisation: 'Acme after the merger' });
  });
  afterAll(() => org.remove());

  const follow = (by: readonly Name[], yaml = second) => org.accept(yaml, org.digest, by);
  const known = (chain: readonly SignedConfig[], pin: Digest) => {
    const verified = verifyConfigChain(chain, pin);
    return verified.ok ? [...verified.configs.keys()] : verified.why;
  };

  it('given the ceremony of two of its own admins, the first config is in force', () => {
    const verified = verifyConfigChain(org.chain, org.digest);
    expect(verified.ok && verified.current.digest).toBe(org.digest);
    expect(verified.ok && verified.current.config.organisation).toBe('Acme');
  });

  it('given two admins of the one before it, the next is in force and both are known', async () => {
    const chain = [...org.chain, await follow(['bob', 'mona'])];
    const verified = verifyConfigChain(chain, org.digest);
    expect(verified.ok && verified.current.digest).toBe(configDigest(second));
    expect(known(chain, org.digest)).toEqual([org.digest, configDigest(second)]);
  });

  it.each([
    ['one admin', ['bob']],
    ['one admin twice', ['bob', 'bob']],
    ['an admin and a senior who is none', ['bob', 'dan']],
    ['nobody', []],
  ] as const)('given %s, is refused', async (_, by) => {
    expect(known([...org.chain, await follow(by)], org.digest)).toMatch(
      /^config 2 of the chain is accepted by [01] /,
    );
    expect(known([await org.accept(org.yaml, null, by)], org.digest)).toMatch(
      /^config 1 of the chain is accepted by [01] /,
    );
  });

  it('given admins that only the new config names, is refused: it cannot appoint its own judges', async () => {
    const data = structuredClone(org.data);
    data.people.lena.roles.push('admin');
    data.people.dan.roles.push('admin');
    expect(known([...org.chain, await follow(['lena', 'dan'], yamlOf(data))], org.digest)).toMatch(
      /accepted by 0/,
    );
  });

  it('given one person with two keys, counts one', async () => {
    const data = structuredClone(org.data);
    data.people.bob.sshKeys.push(org.keys.lena.publicKey);
    const yaml = yamlOf(data);
    const acceptance = {
      ...{ type: 'config', v: 1, by: 'bob', digest: configDigest(yaml), previous: null },
      ...{ nonce: newNonce(), signedAt: '2026-11-21T08:00:00.000Z' },
    };
    const signatures = [await org.seal('bob', acceptance), await org.seal('lena', acceptance)];
    expect(known([{ yaml, previous: null, signatures }], configDigest(yaml))).toMatch(/accepted by 1/);
  });

  it('given one key in two people’s names, counts one', async () => {
    const data = structuredClone(org.data);
    data.people.carol.sshKeys = [org.keys.bob.publicKey];
    const yaml = yamlOf(data);
    const acceptance = (by: string) => ({
      ...{ type: 'config', v: 1, by, digest: configDigest(yaml), previous: null },
      ...{ nonce: newNonce(), signedAt: '2026-11-21T08:00:00.000Z' },
    });
    const signatures = [await org.seal('bob', acceptance('bob')), await org.seal('bob', acceptance('carol'))];
    expect(known([{ yaml, previous: null, signatures }], configDigest(yaml))).toMatch(/accepted by 1/);
  });

  it('given acceptances of another config, or in another namespace, is refused', async () => {
    const [first] = org.chain;
    const other = yamlOf({ ...org.data, organisation: 'Other' });
    expect(
      known([{ yaml: other, previous: null, signatures: first?.signatures ?? [] }], configDigest(other)),
    ).toMatch(/accepted another config/);
    const text = first?.signatures.map(({ statement }) => statement) ?? [];
    const signatures = [
      { statement: text[0] ?? '', signature: await org.sign('bob', text[0] ?? '', 'sign-in@breakglass') },
      { statement: text[1] ?? '', signature: await org.sign('carol', text[1] ?? '', 'sign-in@breakglass') },
    ];
    expect(known([{ yaml: org.yaml, previous: null, signatures }], org.digest)).toMatch(/sign-in@breakglass/);
  });

  it('given a changed text, is refused: the acceptances are for other bytes', () => {
    const [first] = org.chain;
    const chain = [{ yaml: `${org.yaml}\n`, previous: null, signatures: first?.signatures ?? [] }];
    expect(known(chain, org.digest)).toMatch(/accepted another config/);
  });

  it('given a gap, a foreign start or no config at all, is refused', async () => {
    const next = await follow(['bob', 'carol']);
    expect(known([next], org.digest)).toMatch(/neither the first ever nor the pinned one/);
    expect(known([...org.chain, { ...next, previous: configDigest('x') }], org.digest)).toMatch(
      /does not follow/,
    );
    expect(known([], org.digest)).toMatch(/does not contain the pinned config/);
    expect(known(org.chain, configDigest(second))).toMatch(/does not contain the pinned config/);
  });

  it('given a chain that begins with the pinned config, goes on from there', async () => {
    const next = await follow(['bob', 'carol']);
    expect(known([next], configDigest(second))).toEqual([configDigest(second)]);
  });

  it('given forged ancestors of the pinned config, relies on none of them', async () => {
    const forged = structuredClone(org.data);
    forged.people.bob.sshKeys = [org.keys.lena.publicKey];
    forged.people.carol.sshKeys = [org.keys.nils.publicKey];
    const yaml = yamlOf(forged);
    const say = (by: Name, name: string, text: string, previous: Digest | null) =>
      org.seal(by, {
        ...{ type: 'config', v: 1, by: name, digest: configDigest(text), previous },
        ...{ nonce: newNonce(), signedAt: '2026-11-21T08:00:00.000Z' },
      });
    const both = async (text: string, previous: Digest | null) => ({
      yaml: text,
      previous,
      signatures: [await say('lena', 'bob', text, previous), await say('nils', 'carol', text, previous)],
    });
    const chain = [await both(yaml, null), await both(org.yaml, configDigest(yaml))];
    expect(known(chain, org.digest)).toEqual([org.digest]);
  });

  it('given true ancestors of the pinned config, relies on them: its own admins signed for what came before', async () => {
    const chain = [...org.chain, await follow(['bob', 'carol'])];
    expect(known(chain, configDigest(second))).toEqual([org.digest, configDigest(second)]);
  });
});
