import { isIP } from 'node:net';
import { z } from 'zod';
import type { KratosHook, SessionRecord } from '../adapters/kratos/index.ts';
import type { Sighting } from '../core/contracts/events.ts';
import { instant, type AccountId } from '../core/contracts/ids.ts';
import { sha256Hex } from '../core/evidence/digest.ts';

const hook = z.strictObject({
  event: z.enum(['login', 'recovery']),
  identityId: z.uuid(),
  flow: z.strictObject({
    id: z.uuid(),
    type: z.enum(['api', 'browser']),
    method: z.string().nullable(),
    requestedAal: z.string().nullable(),
    refresh: z.boolean(),
  }),
  session: z
    .strictObject({
      id: z.string().nullable(),
      aal: z.string(),
      authenticatedAt: z.string(),
      firstMethodAt: z.string(),
      methods: z.array(z.strictObject({ method: z.string(), aal: z.string(), completedAt: z.string() })),
    })
    .nullable(),
  ip: z.string().nullable(),
  userAgent: z.string().nullable(),
  at: z.string(),
}) satisfies z.ZodType<KratosHook>;

/** One hook as it is spooled, or a session that the sweep found, in a hook's words. */
export const report = z.strictObject({
  receivedAt: instant,
  hook,
  source: z.enum(['kratos-hook', 'session-sweep']).default('kratos-hook'),
});
export type Report = z.infer<typeof report>;

/** When the login's first factor was passed: the same in the hooks for aal1 and aal2. A recovery has its flow. */
const beginning = ({ session, flow }: KratosHook): string => session?.firstMethodAt ?? flow.id;

/** What two hooks of one login share, before it is known whose login it is. */
export const loginKey = (it: KratosHook): string => `${it.identityId} ${beginning(it)}`;

/** The same hook, posted twice, has the same id. */
export const reportId = (it: KratosHook): string =>
  sha256Hex(
    JSON.stringify([
      it.event,
      it.identityId,
      beginning(it),
      it.session?.aal,
      it.session?.methods.length,
      it.flow.id,
    ]),
  ).slice(0, 32);

/** The same for every report of one login, by whatever way it comes. */
export const sightingId = (account: AccountId, identity: string, firstMethodAt: string): string =>
  `login-${sha256Hex(JSON.stringify([account, identity, firstMethodAt])).slice(0, 32)}`;

/**
 * The client writes its user agent, and without a proxy its address: neither may keep the row out of the ledger
 * (which takes well-formed NFC only) or a line of the alarm from reading as it is.
 */
const harmless = (text: string, most: number): string => {
  const clean = text.replace(/[\p{Surrogate}\p{Control}\p{Format}\p{Zl}\p{Zp}]/gu, ' ').normalize('NFC');
  return Array.from(clean).slice(0, most).join('');
};

const instantOf = (time: string, otherwise: string): string => {
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? otherwise : new Date(ms).toISOString();
};

const aals = z.enum(['aal1', 'aal2', 'unknown']).catch('unknown');

/** A hook as a sighting; its session is not believed before Kratos's admin api has confirmed it. */
export const sightingOf = ({ hook: it, receivedAt, source }: Report, account: AccountId): Sighting => ({
  id: sightingId(account, it.identityId, beginning(it)),
  account,
  identity: it.identityId,
  session: null,
  aal: aals.parse(it.session?.aal),
  method: harmless(it.event === 'recovery' ? 'recovery' : (it.flow.method ?? 'login'), 40),
  ip: it.ip !== null && isIP(it.ip) > 0 ? it.ip : 'an unknown address',
  userAgent: harmless(it.userAgent ?? '', 512),
  at: instantOf(it.at, receivedAt),
  source,
});

/**
 * A session of Kratos's admin api, told in the words of the hook that never came: it names the same login as that
 * hook would have.
 */
export const reportOf = (session: SessionRecord, identityId: string, receivedAt: string): Report => {
  const { id, aal, authenticatedAt, issuedAt, methods, devices } = session;
  const firstMethodAt = session.firstMethodAt ?? issuedAt;
  return {
    receivedAt,
    source: 'session-sweep',
    hook: {
      event: 'login',
      identityId,
      flow: {
        id,
        type: 'browser',
        method: methods.at(-1)?.method ?? null,
        requestedAal: null,
        refresh: false,
      },
      session: { id, aal, authenticatedAt, firstMethodAt, methods: [...methods] },
      ip: devices[0]?.ip ?? null,
      userAgent: devices[0]?.userAgent ?? null,
      at: firstMethodAt,
    },
  };
};
