import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../adapters/settings/log.ts';
import type { KratosAdmin } from '../adapters/kratos/index.ts';
import { persist } from './retry.ts';
import type { Wait } from './ring.ts';

/** How long the session of a login is looked for. Milliseconds. */
export interface ConfirmLimits {
  readonly wait: Wait;
  /** From the hook until Kratos's "no such session" is believed. */
  readonly believeAbsenceAfter: number;
}

class NotYet extends Error {}

/**
 * Looks in Kratos's admin api for the session that a hook told of: Kratos sends the hook before it saves the
 * session, and a hook alone proves nothing.
 *
 * @returns the session's id; null when Kratos has none, after it had time to save it
 */
export const confirmSession = async (
  deps: {
    readonly kratos: Pick<KratosAdmin, 'findSession'>;
    readonly now: () => Date;
    readonly log: Log;
    readonly signal: AbortSignal;
    readonly limits: ConfirmLimits;
  },
  it: { readonly identity: string; readonly firstMethodAt: string; readonly receivedAt: string },
): Promise<string | null> => {
  const { kratos, now, signal, log, limits } = deps;
  const until = Date.parse(it.receivedAt) + limits.believeAbsenceAfter;
  const look = async (): Promise<string | null> => {
    const session = await kratos.findSession(it.identity, it.firstMethodAt);
    if (session !== undefined) return session.id;
    if (now().getTime() < until) throw new NotYet();
    log.warn({ identity: it.identity }, 'kratos knows no session for a hook');
    return null;
  };
  return persist(look, {
    signal,
    wait: limits.wait,
    onFailure: (error) => {
      if (error instanceof NotYet) return;
      log.warn(
        { identity: it.identity, reason: error instanceof Error ? error.message : 'unknown' },
        'kratos not asked',
      );
    },
  });
};

/** What a promise gives within a time; null when it is not there yet. */
export const within = <T>(work: Promise<T>, ms: number, signal: AbortSignal): Promise<T | null> => {
  const stop = new AbortController();
  const late = sleep(Math.max(0, ms), null, { signal: AbortSignal.any([signal, stop.signal]) });
  return Promise.race([work, late]).finally(() => {
    late.catch(() => undefined);
    stop.abort();
  });
};
