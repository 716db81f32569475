import { randomBytes } from 'node:crypto';
import type { KratosAdmin, KratosLogin, LoggedIn, Refused } from '../../adapters/kratos/index.ts';
import type { Config, KratosAccount } from '../../core/contracts/config.ts';
import type { Pair, SealedAt } from '../../core/contracts/events.ts';
import { generatePassword, totpCode } from '../../core/custody/secrets.ts';
import type { Sealing, Seals } from './sealing.ts';
import type { Run, StepName, WriteStep } from './steps.ts';

/** What a rotation asks of Kratos's admin api. */
export type RotationAdmin = Pick<
  KratosAdmin,
  | 'findIdentity'
  | 'createIdentity'
  | 'setPassword'
  | 'passwordHashDigest'
  | 'totpCreatedAt'
  | 'deleteTotp'
  | 'restoreShape'
  | 'endSessions'
>;
/** What a rotation asks of Kratos's login flows. */
export type RotationLogin = Pick<KratosLogin, 'login' | 'loginSecondFactor' | 'beginTotp' | 'confirmTotp'>;

export interface KratosDriverDeps {
  readonly admin: RotationAdmin;
  readonly login: RotationLogin;
  readonly seal: Sealing;
  readonly seals: Pick<Seals, 'highestGeneration'>;
  readonly clock: () => Date;
  /** Called as each step begins, so that a stuck step is noticed. */
  readonly heartbeat: (step: StepName) => void;
}

export interface KratosRotation {
  readonly run: Run;
  readonly account: KratosAccount;
  readonly config: Config;
  readonly write: WriteStep;
}

const listed = (old: SealedAt | undefined, fresh: SealedAt): SealedAt[] =>
  old === undefined ? [fresh] : [old, fresh];

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
 *
 * @returns the identity and the pair that opens it now
 * @throws KratosError or Error; nothing is lost, a retry takes the next generations
 */
export const createKratosDriver =
  ({ admin, login, seal, seals, clock, heartbeat }: KratosDriverDeps) =>
  async ({ run, account, config, write }: KratosRotation): Promise<{ identity: string; pair: Pair }> => {
    const now = (): string => clock().toISOString();
    const traits = { email: account.address, role: 'admin' };
    const recordSession = async (
      step: StepName,
      session: LoggedIn,
      password: SealedAt,
      mfa: SealedAt[],
    ): Promise<void> =>
      write(step, { password: [password], mfa }, { session: session.sessionId }, [
        { type: 'session-recorded', at: now(), rotation: run.rotation, session: session.sessionId },
      ]);

    // Looked at before anything is sealed: while Kratos is away, no generation is used up.
    heartbeat('identity-found');
    const found = await admin.findIdentity(account.address);
    const hashBefore = found === undefined ? null : await admin.passwordHashDigest(found);
    const totpBefore = found === undefined ? null : ((await admin.totpCreatedAt(found)) ?? null);

    heartbeat('password-sealed');
    const secret = generatePassword({ random: randomBytes });
    const password = await seal(config, run.account, 'password', secret, now());
    const oldMfa = run.old === null ? [] : [run.old.mfa];
    await write('password-sealed', { password: listed(run.old?.password, password), mfa: oldMfa });

    // A try that Temporal gave up on may still be running: it must not undo what the next one does.
    const mustLead = async (): Promise<void> => {
      const newest = await seals.highestGeneration(run.account, 'password');
      if (newest !== password.generation)
        throw new Error(`password generation ${newest} was sealed by another try; this one stops`);
    };

    heartbeat('password-set');
    await mustLead();
    const identity = found ?? (await admin.createIdentity({ schemaId: 'default', traits, password: secret }));
    if (found !== undefined) await admin.setPassword(identity, secret);
    const hashAfter = await admin.passwordHashDigest(identity);
    await write(
      'password-set',
      { password: [password], mfa: oldMfa },
      { hash_before: hashBefore, hash_after: hashAfter },
    );

    heartbeat('password-logged-in');
    const first = mustWork(
      'password-logged-in',
      await login.login({ identifier: account.address, password: secret }),
    );
    await recordSession('password-logged-in', first, password, oldMfa);

    heartbeat('totp-deleted');
    await mustLead();
    await admin.deleteTotp(identity);
    await write('totp-deleted', { password: [password], mfa: [] });
    const enrolment = mustWork('mfa-sealed', await login.beginTotp({ sessionToken: first.sessionToken }));
    heartbeat('mfa-sealed');
    const mfa = await seal(config, run.account, 'mfa', enrolment.seed, now());
    await write('mfa-sealed', { password: [password], mfa: [mfa] });

    heartbeat('mfa-confirmed');
    await mustLead();
    const code = totpCode({ seed: enrolment.seed, at: clock() });
    const { flowId } = enrolment;
    mustWork('mfa-confirmed', await login.confirmTotp({ sessionToken: first.sessionToken, flowId, code }));
    const totpAfter = (await admin.totpCreatedAt(identity)) ?? null;
    await write(
      'mfa-confirmed',
      { password: [password], mfa: [mfa] },
      { totp_before: totpBefore, totp_after: totpAfter },
    );

    heartbeat('second-factor-logged-in');
    const second = mustWork(
      'second-factor-logged-in',
      await login.login({ identifier: account.address, password: secret }),
    );
    await recordSession('second-factor-logged-in', second, password, [mfa]);
    const again = totpCode({ seed: enrolment.seed, at: clock() });
    mustWork(
      'second-factor-logged-in',
      await login.loginSecondFactor({ sessionToken: second.sessionToken, code: again }),
    );

    heartbeat('shape-restored');
    await mustLead();
    const { removed, leftover } = await admin.restoreShape(identity, { traits });
    await write(
      'shape-restored',
      { password: [password], mfa: [mfa] },
      { removed: [...removed], leftover: leftover.map((each) => each.type) },
    );

    heartbeat('sessions-ended');
    await mustLead();
    const ended = await admin.endSessions(identity);
    await write('sessions-ended', { password: [password], mfa: [mfa] }, { sessions: ended });

    const pair: Pair = { password, mfa };
    await write('proven', { password: [password], mfa: [mfa] }, {}, [
      { type: 'rotation-proven', at: now(), rotation: run.rotation, identity, pair },
    ]);
    return { identity, pair };
  };
