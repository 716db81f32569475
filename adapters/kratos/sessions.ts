import type { IdentityApi } from '@ory/client';
import { z } from 'zod';
import { KratosError } from './errors.ts';
import { expectStatus, fetchBody, type Ask, type Call } from './transport.ts';

/** One factor that a session has passed. Times are Kratos's own strings, to the nanosecond, UTC. */
export interface SessionMethod {
  readonly method: string;
  readonly aal: string;
  readonly completedAt: string;
}

/** A session as Kratos's admin api records it. */
export interface SessionRecord {
  readonly id: string;
  readonly active: boolean;
  readonly aal: string;
  /** Moves with every factor. */
  readonly authenticatedAt: string;
  readonly issuedAt: string;
  readonly expiresAt: string;
  /**
   * When the first factor was passed: the same string in the hook and here, at aal1 and at aal2, so it is the
   * key from a sighting to its session. Compare as text; `Date` drops the digits that tell two logins apart.
   */
  readonly firstMethodAt: string | null;
  readonly methods: readonly SessionMethod[];
  readonly devices: readonly { readonly ip: string | null; readonly userAgent: string | null }[];
}

const methodSchema = z
  .object({ method: z.string(), aal: z.string(), completed_at: z.string() })
  .transform(({ method, aal, completed_at }): SessionMethod => ({ method, aal, completedAt: completed_at }));

/** A session in Kratos's words, to a {@link SessionRecord} in ours. */
export const sessionSchema = z
  .object({
    id: z.uuid(),
    active: z.boolean(),
    authenticator_assurance_level: z.string(),
    authenticated_at: z.string(),
    issued_at: z.string(),
    expires_at: z.string(),
    authentication_methods: z.array(methodSchema).nullish(),
    devices: z
      .array(z.object({ ip_address: z.string().nullish(), user_agent: z.string().nullish() }))
      .nullish(),
  })
  .transform((session): SessionRecord => {
    const methods = session.authentication_methods ?? [];
    return {
      id: session.id,
      active: session.active,
      aal: session.authenticator_assurance_level,
      authenticatedAt: session.authenticated_at,
      issuedAt: session.issued_at,
      expiresAt: session.expires_at,
      firstMethodAt: methods[0]?.completedAt ?? null,
      methods,
      devices: (session.devices ?? []).map((device) => ({
        ip: addressOnly(device.ip_address),
        userAgent: device.user_agent ?? null,
      })),
    };
  });

/** Kratos records a direct connection as `address:port`, a forwarded one as the bare address. */
export function addressOnly(recorded: string | null | undefined): string | null {
  if (recorded === null || recorded === undefined || recorded === '') return null;
  const withPort = /^(?:\[(?<v6>[^\]]+)\]|(?<v4>[^:]+)):\d+$/.exec(recorded);
  return withPort?.groups?.['v6'] ?? withPort?.groups?.['v4'] ?? recorded;
}

const pageSize = 250;
const maxRounds = 10;

/** What the admin api can do with sessions. */
export function sessionOperations(api: IdentityApi, ask: Ask) {
  /**
   * Every session of one identity, the latest authenticated first; with `active`, only those (expired ones
   * count as inactive).
   */
  async function listSessions(id: string, filter: { active?: boolean } = {}): Promise<SessionRecord[]> {
    const found = new Map<string, SessionRecord>();
    for (let page = 1; ; page += 1) {
      const call: Call = {
        operation: 'listSessions',
        send: (options) =>
          api.listIdentitySessions(
            {
              id,
              page,
              perPage: pageSize,
              ...(filter.active === undefined ? {} : { active: filter.active }),
            },
            options,
          ),
      };
      const sessions = await fetchBody(ask, call, z.array(sessionSchema));
      for (const session of sessions) found.set(session.id, session);
      if (sessions.length < pageSize) return [...found.values()];
    }
  }

  /** The session whose first factor was passed at that very time; undefined while Kratos has not saved it. */
  async function findSession(id: string, firstMethodAt: string): Promise<SessionRecord | undefined> {
    const sessions = await listSessions(id);
    return sessions.find((session) => session.firstMethodAt === firstMethodAt);
  }

  /** Deactivates one session; its record stays. Twice does no harm. False when Kratos has no such session. */
  async function endSession(sessionId: string): Promise<boolean> {
    const call: Call = {
      operation: 'endSession',
      send: (options) => api.disableSession({ id: sessionId }, options),
    };
    const answer = await ask(call);
    if (answer.status === 404) return false;
    expectStatus(call, answer);
    return true;
  }

  /**
   * Deactivates every session of one identity, those included that appear meanwhile, and gives their ids.
   * One by one, because Kratos's own "delete all sessions" erases the records.
   * @throws KratosError `sessions_remain` when new ones keep appearing.
   */
  async function endSessions(id: string): Promise<string[]> {
    const ended = new Set<string>();
    for (let round = 0; round < maxRounds; round += 1) {
      const active = await listSessions(id, { active: true });
      if (active.length === 0) return [...ended];
      for (const session of active) {
        if (await endSession(session.id)) ended.add(session.id);
      }
    }
    throw new KratosError({
      operation: 'endSessions',
      id: 'sessions_remain',
      reason: `new sessions appeared in each of ${String(maxRounds)} rounds; somebody is logging in`,
      retryable: true,
    });
  }

  return { listSessions, findSession, endSession, endSessions };
}
