/** The requester's machine: opens what was released for it, proves that the old is dead, forgets it. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { canonicalize } from '../../../core/contracts/canonical.ts';
import type { Dossier, StoredSeal } from '../../../core/contracts/http.ts';
import { digest as digestSchema, parts, type Part } from '../../../core/contracts/ids.ts';
import { envelope as envelopeSchema, namespaces, type Envelope } from '../../../core/contracts/statements.ts';
import { ageDecrypt } from '../../../core/custody/age.ts';
import { sealedPartDigest } from '../../../core/custody/commitment.ts';
import { openShare, rewrapShare } from '../../../core/custody/open.ts';
import { sealPart } from '../../../core/custody/seal.ts';
import { totpCode } from '../../../core/custody/secrets.ts';
import { readStatement, statementDigest } from '../../../core/trust/envelope.ts';
import { theCase } from '../../api/harness.ts';
import type { Name } from '../../support/org.ts';
import { startFakeKratos, type FakeKratos } from './fakeKratos.ts';
import { lieAbout, makeWorld, requestArgs, type Lie, type World } from './world.ts';

const secrets: Record<Part, string> = {
  password: 'correct-horse-battery-staple-and-more',
  mfa: 'JBSWY3DPEHPK3PXPJBSWY3DP',
};
const custodians = { password: ['erin', 'frank'], mfa: ['grace', 'heidi'] } as const satisfies Record<
  Part,
  readonly Name[]
>;

let world: World;
let kratos: FakeKratos;
let seals: Record<Part, StoredSeal>;
let request: { readonly digest: string; readonly recipient: string };
let releases: Envelope[];

/** The seals of the harness hold no TOTP seed: these take their place, as if they had always been there. */
const opened = (change: (true_: Envelope[]) => Envelope[] = (each) => each): Lie =>
  lieAbout(
    () => ({ releases: change(releases), seals: [seals.password, seals.mfa] }),
    ({ pair }) => ({
      pair: {
        password: { ...pair.password, seal: seals.password.digest },
        mfa: { ...pair.mfa, seal: seals.mfa.digest },
      },
    }),
  );

const sealOf = async (part: Part): Promise<StoredSeal> => {
  const { org } = world.harness;
  const sealed = await sealPart({
    ...{ account: 'acme-eu', part, generation: 1, secret: secrets[part], threshold: 2 },
    custodians: custodians[part].map((person) => ({ person, recipient: org.keys[person].ageRecipient })),
    sealedAt: world.harness.now(),
  });
  const digest = digestSchema.parse(sealedPartDigest(sealed));
  return { sealed, digest, signature: await org.sign('worker', canonicalize(sealed), namespaces.seal) };
};

const releaseOf = async (by: Name, part: Part, recipient = request.recipient): Promise<Envelope> => {
  const { sealed, digest } = seals[part];
  const share = await openShare({ sealed, custodian: by, identity: world.harness.org.keys[by].ageIdentity });
  const ciphertext = await rewrapShare({ share, recipient, request: request.digest });
  const about = {
    case: theCase,
    account: 'acme-eu',
    request: request.digest,
    part,
    generation: 1,
    seal: digest,
  };
  return world.harness.sealed(by, { type: 'release', ...about, recipient, ciphertext });
};

/** The other half of a case that is real: asked, approved and released through the command line. */
beforeAll(async () => {
  world = await makeWorld();
  await world.harness.provision();
  await world.must('alice', ...requestArgs);
  for (const person of ['bob', 'carol']) await world.must(person as Name, 'approve', theCase, '--yes');
  for (const person of [...custodians.password, ...custodians.mfa])
    await world.must(person, 'release', theCase);

  const answer = await world.harness.get('alice', '/v1/cases/acme-eu/2026-11-21-01/dossier');
  const { statement } = ((await answer.json()) as Dossier).request;
  const read = readStatement(statement);
  if (!read.ok || read.statement.type !== 'request') throw new Error('no request in the dossier');
  request = { digest: statementDigest(statement), recipient: read.statement.recipient };
  seals = { password: await sealOf('password'), mfa: await sealOf('mfa') };
  releases = [];
  for (const part of parts) for (const by of custodians[part]) releases.push(await releaseOf(by, part));
  const isCode = (code: string): boolean =>
    code === totpCode({ seed: secrets.mfa, at: new Date(world.harness.now()) });
  kratos = await startFakeKratos({
    identifier: 'breakglass-eu@acme.example',
    password: secrets.password,
    isCode,
  });
});
afterAll(async () => {
  await kratos.stop();
  await world.remove();
});
afterEach(() => {
  world.lie(null);
  world.stand(null);
});

const keysFolder = (): string => join(world.home('alice'), 'keys');
const heldText = async (): Promise<string> => {
  const [file = ''] = await readdir(keysFolder());
  return readFile(join(keysFolder(), file), 'utf8');
};

describe('the one-time key', () => {
  it('lies on the requester’s machine alone, encrypted to its owner, mode 0600', async () => {
    const [file = ''] = await readdir(keysFolder());
    expect(file).toBe(`${request.digest}.age`);
    expect((await stat(join(keysFolder(), file))).mode & 0o777).toBe(0o600);
    expect((await stat(world.home('alice'))).mode & 0o777).toBe(0o700);
    expect(await heldText()).not.toContain('AGE-SECRET-KEY');
    const inside = await ageDecrypt(world.harness.org.keys.alice.ageIdentity, await heldText());
    expect(new TextDecoder().decode(inside)).toContain('AGE-SECRET-KEY');
  });
});

describe('open', () => {
  it('shows no secret where it is not a terminal that reads it', async () => {
    world.lie(opened());
    const ran = await world.run('alice', ['open', 'acme-eu']);
    expect(ran).toMatchObject({ exit: 2, stdout: '' });
    expect(ran.stderr).toContain('--login');
  });

  it('is for the one who asked', async () => {
    world.lie(opened());
    const ran = await world.run('bob', ['open', theCase, '--json']);
    expect(ran).toMatchObject({ exit: 3, stdout: '' });
    expect(ran.stderr).toContain('only alice, who asked');
  });

  it('combines the shares and gives password, code and seed with --json', async () => {
    world.lie(opened());
    const ran = await world.must('alice', 'open', 'acme-eu', '--json');
    expect(ran.json()).toMatchObject({
      identifier: 'breakglass-eu@acme.example',
      password: secrets.password,
      totp: { seed: secrets.mfa, code: totpCode({ seed: secrets.mfa, at: new Date(world.harness.now()) }) },
    });
    expect(ran.stderr).not.toContain(secrets.password);
  });

  it('leaves out a release to another recipient, records it, and says that too few are left', async () => {
    const elsewhere = await releaseOf('erin', 'password', world.harness.org.keys.karl.ageRecipient);
    world.lie(opened((all) => [elsewhere, ...all.slice(1)]));
    const before = { log: await world.logLines('alice'), seq: world.harness.ledger.rows.length };
    const ran = await world.run('alice', ['open', 'acme-eu', '--json']);
    expect(ran).toMatchObject({ exit: 4, stdout: '' });
    expect(ran.stderr).toContain('erin’s release went to another recipient');
    expect(ran.stderr).toMatch(/1 of 2 shares of the password are good; 1 releases did not hold/);
    expect(await world.logLines('alice')).toBe(before.log + 2);
    expect(world.actions(before.seq)).toEqual(['break_glass_machine_refused', 'break_glass_machine_refused']);
  });

  it('refuses a release in the name of another custodian', async () => {
    const { statement } = releases[0] ?? { statement: '' };
    const forged = { statement, signature: await world.harness.org.sign('lena', statement) };
    world.lie(opened((all) => [forged, ...all.slice(1)]));
    expect(await world.run('alice', ['open', 'acme-eu', '--json'])).toMatchObject({ exit: 4, stdout: '' });
  });

  it('refuses a share that was put into another one’s release', async () => {
    const [erins, franks] = releases.map(({ statement }) => JSON.parse(statement) as Record<string, string>);
    if (erins === undefined || franks === undefined) throw new Error('two releases expected');
    const mixed = await world.harness.sealed('erin', { ...erins, ciphertext: franks['ciphertext'] ?? '' });
    world.lie(opened((all) => [mixed, ...all.slice(1)]));
    const ran = await world.run('alice', ['open', 'acme-eu', '--json']);
    expect(ran).toMatchObject({ exit: 4, stdout: '' });
  });

  it('names who is missing while shares are', async () => {
    world.lie(opened((all) => all.slice(0, 1)));
    const ran = await world.run('alice', ['open', 'acme-eu', '--json']);
    expect(ran.exit).toBe(3);
    expect(ran.stderr).toContain('frank: breakglass release');
  });

  it('asks where Kratos is, and never the api', async () => {
    world.lie(opened());
    const ran = await world.run('alice', ['open', 'acme-eu', '--login']);
    expect(ran.exit).toBe(2);
    expect(ran.stderr).toContain('BREAKGLASS_KRATOS_PUBLIC_URL');
  });

  it('sends the password over no unencrypted wire', async () => {
    world.lie(opened());
    const ran = await world.run('alice', [
      'open',
      'acme-eu',
      '--login',
      '--kratos',
      'http://login.acme.example',
    ]);
    expect(ran.exit).toBe(2);
    expect(ran.stderr).toContain('must be an https address');
  });

  it('logs in to aal2, claims the session, and keeps the secret off the screen', async () => {
    world.lie(opened());
    const before = world.harness.ledger.rows.length;
    const ran = await world.must('alice', 'open', 'acme-eu', '--login', '--kratos', kratos.url, '--json');
    expect(ran.json()).toMatchObject({ session: kratos.session, aal: 'aal2', claimed: true });
    expect(`${ran.stdout}${ran.stderr}`).not.toMatch(/correct-horse|JBSWY3DP|ory_st/);
    expect(world.actions(before)).toEqual(['break_glass_claimed']);
    expect(await heldText()).not.toMatch(/correct-horse|ory_st/);
  });
});

describe('end', () => {
  const rotated =
    (phase: string): Lie =>
    (path, body) =>
      path.endsWith('/2026-11-21-01')
        ? { ...z.object({}).loose().parse(body), phase, rotation: 'rotation/acme-eu/2026-11-21-02' }
        : undefined;

  it('stops waiting for a rotation that does not come, and says how to go on', async () => {
    const ran = await world.run('alice', ['end', 'acme-eu', '--reason', 'SSO is back', '--timeout', '30']);
    expect(ran.exit).toBe(7);
    expect(ran.stderr).toContain(`breakglass end ${theCase} --resume`);
    expect(world.actions().at(-1)).toBe('break_glass_ended');
  });

  it('signs what Kratos said to the old password and the old session, and forgets both', async () => {
    kratos.credential = { ...kratos.credential, password: 'the new one' };
    kratos.isActive = false;
    let handed: unknown;
    world.lie(rotated('settling'));
    world.stand((method, path, body) => {
      if (method !== 'POST' || path !== '/v1/statements') return undefined;
      const read = readStatement(envelopeSchema.parse(JSON.parse(body)).statement);
      handed = read.ok ? read.statement : undefined;
      return Response.json({ seq: 99, case: theCase, rotation: null, events: ['old-credential'] });
    });
    const env = { BREAKGLASS_KRATOS_PUBLIC_URL: kratos.url };
    const ran = await world.run('alice', ['end', theCase, '--resume', '--json'], { env });
    expect(ran.exit).toBe(0);
    expect(handed).toMatchObject({
      type: 'refusals',
      password: { generation: 1, refused: true, status: 400 },
      session: { session: kratos.session, refused: true, status: 401 },
    });
    expect(await readdir(keysFolder())).toEqual([]);
  });

  it('has nothing to try twice', async () => {
    world.lie(rotated('settling'));
    expect(await world.run('alice', ['end', theCase, '--resume'])).toMatchObject({ exit: 5 });
  });
});
