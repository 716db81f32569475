import { z } from 'zod';
import { addressOnly, type SessionMethod } from './sessions.ts';

/** What the hook's template (`dev/kratos/hook.jsonnet`) sends after each login and each recovery. */
export interface KratosHook {
  readonly event: 'login' | 'recovery';
  readonly identityId: string;
  readonly flow: {
    readonly id: string;
    readonly type: 'api' | 'browser';
    /** The method just passed: `password`, `totp`, …; null where Kratos gives none. */
    readonly method: string | null;
    readonly requestedAal: string | null;
    /** True when a session that exists already was authenticated again. */
    readonly refresh: boolean;
  };
  /** Null after a recovery: Kratos 1.3.1 gives that hook no session. */
  readonly session: {
    /** Null when Kratos had not yet given it one: it sends the hook before it saves a new session. */
    readonly id: string | null;
    readonly aal: string;
    readonly authenticatedAt: string;
    readonly firstMethodAt: string;
    readonly methods: SessionMethod[];
  } | null;
  /** As Kratos saw it. Without a proxy that overwrites them the client can forge the headers it comes from. */
  readonly ip: string | null;
  readonly userAgent: string | null;
  /** Kratos's time of the login; of a recovery, when its flow began, which can be an hour before. */
  readonly at: string;
}

const nilId = '00000000-0000-0000-0000-000000000000';

const hookSchema = z.object({
  event: z.enum(['login', 'recovery']),
  identityId: z.uuid(),
  flow: z.object({
    id: z.uuid(),
    type: z.enum(['api', 'browser']),
    method: z.string().nullable(),
    requestedAal: z.string().nullable(),
    refresh: z.boolean(),
  }),
  session: z
    .object({
      id: z.string().transform((id) => (id === nilId ? null : id)),
      aal: z.string(),
      authenticatedAt: z.string(),
      firstMethodAt: z.string(),
      methods: z.array(z.object({ method: z.string(), aal: z.string(), completedAt: z.string() })),
    })
    .nullable(),
  ip: z.string().nullable().transform(addressOnly),
  userAgent: z.string().nullable(),
  at: z.string(),
});

/**
 * Parses one hook's body; undefined when it is no such body. That the sender knows the hook's key is the
 * receiver's to check first.
 */
export function parseKratosHook(body: unknown): KratosHook | undefined {
  const parsed = hookSchema.safeParse(body);
  return parsed.success ? parsed.data : undefined;
}
