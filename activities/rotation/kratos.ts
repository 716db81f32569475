import { randomBytes } from 'node:crypto';
import type { KratosAdmin, KratosLogin, LoggedIn, Refused } from '../../adapters/kratos/index.ts';
import type { Config, KratosAccount } from '../../core/contracts/config.ts';
import type { Candidates, Marks, Pair } from '../../core/contracts/events.ts';
import { generatePassword, totpCode } from '../../core/custody/secrets.ts';
import { findingsSince } from './findings.ts';
import { createNarrowing, type MarksAdmin } from './narrowing.ts';
import type { Sealing } from './sealing.ts';
import { createRestoring } from './restoring.ts';
import type { Run, StepName, WriteStep } from './steps.ts';

/** What a rotation asks of Kratos's admin api. */
export type RotationAdmin = MarksAdmin &
  Pick<
    KratosAdmin,
    | 'createIdentity'
    | 'setPassword'
    | 'deleteTotp'
    | 'restoreShape'
    | 'endSessions'
    | 'listAdmins'
    | 'listIdentitiesSince'
  >;
/** What a rotation asks of Kratos's login flows. */
export type RotationLogin = Pick<KratosLogin, 'login' | 'loginSecondFactor' | 'beginTotp' | 'confirmTotp'>;

export interface KratosDriverDeps {
  readonly admin: RotationAdmin;
  readonly login: RotationLogin;
  readonly seal: Sealing;
  readonly clock: () => Date;
  /** Resolves once Kratos has given up what a caller that is gone had asked of it. */
  readonly settle: () => Promise<void>;
  /** Called as each step begins. */
  readonly heartbeat: (step: StepName) => void;
}

export interface KratosRotation {
  readonly run: Run;
  readonly account: KratosAccount;
  readonly config: Config;
  readonly write: WriteStep;
  /** Throws when a later attempt has begun. */
  readonly mustLead: () => Promise<void>;
}

/** A refusal of our own new credential: nothing to hide in it, everything to retry. */
const mustWork = <T extends { refused: false }>(step: StepName, outcome: T | Refused): T => {
  if (outcome.refused)
    throw new Error(`kratos refused ${step} with ${outcome.status}; the rotation will be retried`);
  return outcome;
};

/**
 * Rotates a Kratos identity's password and TOTP: seal before set, every step
 * announced in the ledger, proven by logging in. Plaintext stays inside.
 *
 * The order is the plan of record's: sealing, setting and proving the password
 * first, then the second factor, then the identity's shape, then all sessions.
 * Before all of it stands which of the named candidates is live, so that never
 * more than two generations of a part are.
 *
 * @returns the identity and the pair that opens it now
 * @throws KratosError or Error; nothing is lost, a retry takes the next generations
 */
export const createKratosDriver = ({ admin, login, seal, settle, clock, heartbeat }: KratosDriverDeps) => {
  const standingOf = createNarrowing({ admin, settle });
  const restore = createRestoring(admin);
  return async ({
    run,
    account,
    config,
    write,
    mustLead,
  }: KratosRotation): Promise<{ identity: string; pair: Pair }> => {
    const now = (): string => clock().toISOString();
    const traits = { email: account.address, role: 'admin' };

    // Looked at before anything is sealed: while Kratos is away, no generation is used up.
    heartbeat('narrowed');
    const standing = await standingOf({ ...run, address: account.address });
    const { identity: found, marks: before, changedByOthers } = standing;
    let named: { readonly candidates: Candidates; readonly marks: Marks } = standing;
    const name = (change: Partial<Candidates>, marks: Partial<Marks> = {}): typeof named =>
      (named = { candidates: { ...named.candidates, ...change }, marks: { ...named.marks, ...marks } });
    const recordSession = async (step: StepName, { sessionId: session }: LoggedIn): Promise<void> =>
      write(step, named, { session }, [
        { type: 'session-recorded', at: now(), rotation: run.rotation, session },
      ]);
    await write('narrowed', name({}), { changed_by_others: [...changedByOthers] });

    heartbeat('password-sealed');
    const secret = generatePassword({ random: randomBytes });
    const password = await seal(config, run.account, 'password', secret, now());
    const { live } = named.candidates.password;
    await write('password-sealed', name({ password: { live, pending: password } }));

    heartbeat('password-set');
    await mustLead();
    // A call that came after all has made another generation the live one than was named.
    if (standing.isOpen && found !== undefined && (await admin.passwordHashDigest(found)) !== before.hash)
      throw new Error('an earlier attempt’s password took effect just now; the rotation is retried');
    const identity = found ?? (await admin.createIdentity({ schemaId: 'default', traits, password: secret }));
    // First: whatever else was done to the identity, the old password opens it no longer.
    if (found !== undefined) await admin.setPassword(identity, secret);
    // The logins below go by the address, which the session may have changed; and while another second factor of it
    // is there, Kratos lets nobody enrol a TOTP with a password alone.
    const shut = found === undefined ? null : await restore(found, { traits, password: secret });
    const hash = await admin.passwordHashDigest(identity);
    await write('password-set', name({ password: { live: password, pending: null } }, { hash }), {
      hash_before: before.hash,
      hash_after: hash,
      traits_restored: shut?.isRestored ?? false,
      removed: [...(shut?.removed ?? [])],
    });

    heartbeat('password-logged-in');
    const first = mustWork(
      'password-logged-in',
      await login.login({ identifier: account.address, password: secret }),
    );
    await recordSession('password-logged-in', first);

    heartbeat('totp-deleted');
    await mustLead();
    await admin.deleteTotp(identity);
    await write('totp-deleted', name({ mfa: { live: null, pending: null } }, { totp: null }));
    const enrolment = mustWork('mfa-sealed', await login.beginTotp({ sessionToken: first.sessionToken }));
    heartbeat('mfa-sealed');
    const mfa = await seal(config, run.account, 'mfa', enrolment.seed, now());
    await write('mfa-sealed', name({ mfa: { live: null, pending: mfa } }));

    heartbeat('mfa-confirmed');
    await mustLead();
    const code = totpCode({ seed: enrolment.seed, at: clock() });
    const { flowId } = enrolment;
    mustWork('mfa-confirmed', await login.confirmTotp({ sessionToken: first.sessionToken, flowId, code }));
    const totp = (await admin.totpCreatedAt(identity)) ?? null;
    await write('mfa-confirmed', name({ mfa: { live: mfa, pending: null } }, { totp }), {
      totp_before: before.totp,
      totp_after: totp,
    });

    heartbeat('second-factor-logged-in');
    const second = mustWork(
      'second-factor-logged-in',
      await login.login({ identifier: account.address, password: secret }),
    );
    await recordSession('second-factor-logged-in', second);
    const again = totpCode({ seed: enrolment.seed, at: clock() });
    mustWork(
      'second-factor-logged-in',
      await login.loginSecondFactor({ sessionToken: second.sessionToken, code: again }),
    );

    heartbeat('shape-restored');
    await mustLead();
    const { isRestored, removed, leftover, missing } = await restore(identity, { traits, password: secret });
    if (missing.length > 0)
      throw new Error(`the identity lost its ${missing.join(' and ')} meanwhile; the rotation is retried`);
    const own = [...run.others, { address: account.address, identity }];
    const findings = await findingsSince(admin, { since: run.since, own, leftover });
    await write('shape-restored', named, {
      traits_restored: isRestored,
      removed: [...removed],
      leftover: leftover.map((each) => each.type),
      findings: findings.map((each) => each.id),
    });

    heartbeat('sessions-ended');
    await mustLead();
    const ended = await admin.endSessions(identity);
    await write('sessions-ended', named, { sessions: ended });

    // Until they ended, a session could set a password or a second factor of its own: what was proven is looked at again.
    if ((await admin.passwordHashDigest(identity)) !== hash)
      throw new Error(
        'the password was changed by another before every session had ended; the rotation is retried',
      );
    if (((await admin.totpCreatedAt(identity)) ?? null) !== totp)
      throw new Error(
        'the TOTP was changed by another before every session had ended; the rotation is retried',
      );

    const pair: Pair = { password, mfa };
    await write('proven', named, {}, [
      {
        type: 'rotation-proven',
        at: now(),
        rotation: run.rotation,
        identity,
        pair,
        ...(findings.length === 0 ? {} : { findings: { found: findings, owners: account.owners } }),
      },
    ]);
    return { identity, pair };
  };
};
