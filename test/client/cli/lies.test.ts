/** A hostile server in front of a custodian: each lie is refused on the custodian's own machine. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { canonicalize, parseCanonical, type Json } from '../../../core/contracts/canonical.ts';
import type { Dossier, StoredSeal } from '../../../core/contracts/http.ts';
import { digest as digestSchema, type Digest } from '../../../core/contracts/ids.ts';
import { namespaces, type Envelope } from '../../../core/contracts/statements.ts';
import { sealedPartDigest } from '../../../core/custody/commitment.ts';
import { sealPart } from '../../../core/custody/seal.ts';
import { statementDigest } from '../../../core/trust/envelope.ts';
import { requestOf, theCase } from '../../api/harness.ts';
import { makeOrg, newNonce, type Name } from '../../support/org.ts';
import { lieAbout, makeWorld, requestArgs, type Lie, type World } from './world.ts';

let world: World;
let truth: Dossier;

beforeAll(async () => {
  world = await makeWorld();
  await world.harness.provision();
  await world.must('alice', ...requestArgs);
  await world.must('bob', 'approve', 'acme-eu', '--yes');
  await world.must('dan', 'approve', 'acme-eu', '--yes');
  truth = (await (
    await world.harness.get('erin', '/v1/cases/acme-eu/2026-11-21-01/dossier')
  ).json()) as Dossier;
});
afterAll(() => world.remove());
afterEach(() => {
  world.lie(null);
  world.stand(null);
});

const requestDigest = (): Digest => statementDigest(truth.request.statement);
const members = (envelope: Envelope): Record<string, Json> =>
  z.record(z.string(), z.json()).parse(parseCanonical(envelope.statement));
const at = (minutes: number): string =>
  new Date(Date.parse(world.harness.now()) + minutes * 60_000).toISOString();

/** An approval as somebody would sign it, changed at will. */
const approval = (by: Name, changed: Record<string, Json> = {}, signer: Name = by): Promise<Envelope> =>
  world.harness.org.seal(signer, {
    ...{ type: 'approval', v: 1, by, config: world.harness.org.digest, nonce: newNonce(), role: 'senior' },
    ...{ signedAt: world.harness.now(), expiresAt: at(30), case: theCase, account: 'acme-eu' },
    ...{ request: requestDigest(), ...changed },
  });

/** A seal of the password to its true custodians, signed by whoever is given. */
const sealOf = async (
  changed: { account?: string; generation?: number },
  signer: Name | 'worker' = 'worker',
  namespace: string = namespaces.seal,
): Promise<StoredSeal> => {
  const { org } = world.harness;
  const sealed = await sealPart({
    ...{ account: 'acme-eu', part: 'password', generation: 1, secret: 'forged', threshold: 2, ...changed },
    custodians: (['erin', 'frank'] as const).map((custodian) => ({
      person: custodian,
      recipient: org.keys[custodian].ageRecipient,
    })),
    sealedAt: world.harness.now(),
  });
  const digest = digestSchema.parse(sealedPartDigest(sealed));
  return { sealed, digest, signature: await org.sign(signer, canonicalize(sealed), namespace) };
};

const withPassword = (seal: StoredSeal): Lie => {
  const { generation } = seal.sealed;
  return lieAbout(
    ({ seals }) => ({ seals: [seal, ...seals.filter(({ sealed }) => sealed.part === 'mfa')] }),
    ({ pair }) => ({ pair: { ...pair, password: { ...pair.password, generation, seal: seal.digest } } }),
  );
};

/** What the machine must do about a lie: refuse, log, report, and release nothing. */
const expectRefused = async (lie: Lie, why: RegExp): Promise<void> => {
  const before = { log: await world.logLines('erin'), seq: world.harness.ledger.rows.length };
  world.lie(lie);
  const ran = await world.run('erin', ['release', 'acme-eu/2026-11-21-01', '--json']);
  world.lie(null);
  expect(ran.stderr).toMatch(why);
  expect(ran).toMatchObject({ exit: 4, stdout: '' });
  expect(await world.logLines('erin')).toBe(before.log + 1);
  expect(world.actions(before.seq)).toEqual(['break_glass_machine_refused']);
};

describe('a release, when the server lies', () => {
  it('refuses a request whose one-time recipient was swapped', async () => {
    const swapped = canonicalize({
      ...members(truth.request),
      recipient: world.harness.org.keys.karl.ageRecipient,
    });
    await expectRefused(
      lieAbout(() => ({ request: { ...truth.request, statement: swapped } })),
      /bad-signature.*the signature is not over this message/s,
    );
  });

  it('refuses another request that somebody else signed for themselves, view and all', async () => {
    const stolen = await world.harness.sealed('nils', requestOf(world.harness.org.keys.nils.ageRecipient));
    const { reason } = members(stolen);
    await expectRefused(
      lieAbout(
        () => ({ request: stolen }),
        () => ({
          request: statementDigest(stolen.statement),
          by: 'nils' as never,
          reason: z.string().parse(reason),
        }),
      ),
      /quorum-not-met.*0 of the 2.*another request/s,
    );
  });

  it('refuses a view that says other than the signed request', async () => {
    await expectRefused(
      lieAbout(
        () => ({}),
        () => ({ by: 'karl' as never }),
      ),
      /the requester shown is not the one in the signed request/,
    );
  });

  it('refuses an approval in the name of somebody who did not sign it', async () => {
    const forged = await approval('carol', {}, 'lena');
    await expectRefused(
      lieAbout(({ approvals }) => ({ approvals: [...approvals.slice(0, 1), forged] })),
      /1 of the 2 approvals.*not signed with a key of carol/s,
    );
  });

  it.each([
    ['of the requester', 'alice', {}, /alice may not approve/],
    ['of somebody without the role', 'lena', {}, /lena may not approve/],
    ['given in another role', 'carol', { role: 'admin' }, /carol may not approve this case as admin/],
    ['of another case', 'carol', { case: 'case/acme-eu/2026-11-20-01' }, /carol’s approval is of case/],
    ['of another request', 'carol', { request: '0'.repeat(64) }, /carol’s approval is of another request/],
    ['under a config that never was', 'carol', { config: '0'.repeat(64) }, /was never in force here/],
  ] as const)('does not count an approval %s', async (_, by, changed, why) => {
    const odd = await approval(by, changed);
    await expectRefused(
      lieAbout(({ approvals }) => ({ approvals: [...approvals.slice(0, 1), odd] })),
      why,
    );
  });

  it('counts one person once, however often they signed', async () => {
    const again = await approval('bob');
    await expectRefused(
      lieAbout(({ approvals }) => ({ approvals: [...approvals.slice(0, 1), again] })),
      /1 of the 2 approvals needed from role senior stand/,
    );
  });

  it('refuses a quorum of approvals that have lapsed', async () => {
    const old = { signedAt: at(-120), expiresAt: at(-60) };
    const lapsed = [await approval('bob', old), await approval('dan', old)];
    await expectRefused(
      lieAbout(() => ({ approvals: lapsed })),
      /0 of the 2.*bob’s approval was good until/s,
    );
  });

  it('refuses a seal that the worker did not sign', async () => {
    await expectRefused(withPassword(await sealOf({}, 'bob')), /is not signed by the worker/);
  });

  it('refuses a seal that the worker signed for another purpose', async () => {
    await expectRefused(
      withPassword(await sealOf({}, 'worker', namespaces.decision)),
      /is not signed by the worker/,
    );
  });

  it('refuses a seal that was changed after it was signed', async () => {
    await expectRefused(
      lieAbout(({ seals }) => ({
        seals: seals.map((seal) => ({
          ...seal,
          sealed: { ...seal.sealed, sealedAt: '2026-11-20T00:00:00.000Z' },
        })),
      })),
      /has another digest than it says/,
    );
  });

  it('refuses a seal of another account', async () => {
    await expectRefused(
      withPassword(await sealOf({ account: 'acme-us' })),
      /of account acme-us, not of acme-eu/,
    );
  });

  it('refuses another generation than the case is about', async () => {
    const seal = await sealOf({ generation: 2 });
    await expectRefused(
      lieAbout(({ seals }) => ({ seals: [seal, ...seals.filter(({ sealed }) => sealed.part === 'mfa')] })),
      /generation 2 of the password is shown; the case is about 1/,
    );
  });

  it('refuses a generation older than one this machine has attested', async () => {
    const custody = join(world.home('erin'), 'custody');
    await mkdir(custody, { recursive: true });
    await writeFile(join(custody, 'acme-eu-password-7.json'), '{}');
    await expectRefused(
      lieAbout(() => ({})),
      /this machine has attested generation 7/,
    );
    await rm(custody, { recursive: true });
  });

  it('refuses a chain of configs that does not hold what is pinned', async () => {
    const other = await makeOrg();
    await expectRefused(
      (path) => (path === '/v1/config' ? { chain: other.chain } : undefined),
      /the chain shown does not hold the config pinned here/,
    );
    await other.remove();
  });

  it('refuses a next config that too few admins accepted', async () => {
    const { org } = world.harness;
    const yaml = org.yaml.replace('organisation: Acme', 'organisation: Evil');
    const forged = await org.accept(yaml, org.digest, ['bob']);
    await expectRefused(
      (path) => (path === '/v1/config' ? { chain: [...org.chain, forged] } : undefined),
      /accepted by 1 of the 2 admins needed/,
    );
  });

  it('signs in to nobody else’s site', async () => {
    await expectRefused((path, body) => {
      if (path !== '/v1/challenges') return undefined;
      const { challenge } = z.object({ challenge: z.string() }).parse(body);
      return { challenge: challenge.replace('http://127.0.0.1:7400', 'https://evil.example') };
    }, /the challenge is for https:\/\/evil.example/);
  });

  it('keeps the refusal in its own log where the server takes nothing', async () => {
    const before = await world.logLines('erin');
    world.lie(lieAbout(() => ({ approvals: [] })));
    world.stand((_, path) => (path === '/v1/refusals' ? new Response('no', { status: 500 }) : undefined));
    const ran = await world.run('erin', ['release', 'acme-eu']);
    expect(ran.exit).toBe(4);
    expect(ran.stderr).toContain('the ledger did not take it');
    expect(await world.logLines('erin')).toBe(before + 1);
    const log = await world.must('erin', 'log', '--json');
    expect(
      z
        .object({ entries: z.array(z.object({ isSigned: z.boolean() })) })
        .parse(log.json())
        .entries.map(({ isSigned }) => isSigned),
    ).not.toContain(false);
  });

  it('says that its log was changed', async () => {
    const file = join(world.home('erin'), 'log.jsonl');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replaceAll('release', 'nothing'));
    const ran = await world.run('erin', ['log']);
    await writeFile(file, text);
    expect(ran).toMatchObject({ exit: 4 });
    expect(ran.stdout).toContain('SIGNATURE DOES NOT HOLD');
  });

  it('lets nothing of another person’s text steer the terminal', async () => {
    world.lie((path, body) =>
      path.startsWith('/v1/cases/') && !path.endsWith('dossier')
        ? { ...z.object({}).loose().parse(body), reason: 'fine\u001b[2J\u202e' }
        : undefined,
    );
    const { stdout } = await world.must('alice', 'status', 'acme-eu/2026-11-21-01');
    expect(stdout).toContain('fine\\u{001b}[2J\\u{202e}');
  });

  it('releases when nobody lies, one bad approval among enough good ones notwithstanding', async () => {
    const forged = await approval('carol', {}, 'lena');
    world.lie(lieAbout(({ approvals }) => ({ approvals: [forged, ...approvals] })));
    const before = world.harness.ledger.rows.length;
    const ran = await world.must('erin', 'release', 'acme-eu');
    expect(ran.stderr).toContain('not counted');
    expect(ran.stdout).toBe('password\n');
    expect(world.actions(before)).toEqual(['break_glass_share_released']);
  });
});
