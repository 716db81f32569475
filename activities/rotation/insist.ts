/**
 * Tries again at once, within an attempt of the rotation, what does no harm when it is done twice. A new attempt begins
 * with new generations: with one call in twenty lost, hardly any would reach its end.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Ledger } from '../../core/contracts/ledger.ts';
import type { Recorder } from '../recorder.ts';
import type { RotationAdmin, RotationLogin } from './kratos.ts';
import type { Seals } from './sealing.ts';

/** What the adapters throw when the other side did not answer. */
const passing = z.object({ retryable: z.literal(true) });

/** Milliseconds before each further try. */
const breaths = [50, 200, 500];
/** Milliseconds. Who fails later than that is down: the next attempt's to wait for. */
const quick = 2_000;

const insist = async <T>(work: () => Promise<T>): Promise<T> => {
  for (const breath of breaths) {
    const began = performance.now();
    try {
      return await work();
    } catch (error) {
      if (!passing.safeParse(error).success || performance.now() - began > quick) throw error;
    }
    await sleep(breath);
  }
  return work();
};

/** What a rotation asks of others. */
interface Asked {
  readonly ledger: Ledger;
  readonly record: Recorder;
  readonly seals: Seals;
  readonly admin: RotationAdmin;
  readonly login: RotationLogin;
}

/**
 * The same, insisting: reads, rows (found by their keys), seals, ended sessions and begun enrolments. What changes a
 * credential is left to the next attempt: the first call may still be on its way, and take effect after the second.
 */
export const insisting = <T extends Asked>(deps: T): T => {
  const { ledger, record, seals, admin, login } = deps;
  return {
    ...deps,
    ledger: { transact: (work) => insist(() => ledger.transact(work)) } satisfies Ledger,
    record: ((attempt) => insist(() => record(attempt))) satisfies Recorder,
    seals: {
      put: (seal) => insist(() => seals.put(seal)),
      highestGeneration: (account, part) => insist(() => seals.highestGeneration(account, part)),
    } satisfies Seals,
    admin: {
      ...admin,
      findIdentity: (email) => insist(() => admin.findIdentity(email)),
      passwordHashDigest: (id) => insist(() => admin.passwordHashDigest(id)),
      totpCreatedAt: (id) => insist(() => admin.totpCreatedAt(id)),
      listAdmins: () => insist(() => admin.listAdmins()),
      listIdentitiesSince: (since) => insist(() => admin.listIdentitiesSince(since)),
      endSessions: (id) => insist(() => admin.endSessions(id)),
    } satisfies RotationAdmin,
    login: {
      ...login,
      beginTotp: (session) => insist(() => login.beginTotp(session)),
    } satisfies RotationLogin,
  };
};
