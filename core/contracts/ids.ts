import { z } from 'zod';

/** A person's handle in the config: lower-case ASCII, so that no two look alike. */
export const personId = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/)
  .brand<'person'>();
export type PersonId = z.infer<typeof personId>;

/** A break-glass account's name in the config; part of workflow ids, never secret. */
export const accountId = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/)
  .brand<'account'>();
export type AccountId = z.infer<typeof accountId>;

/** `case/<account>/<date>-<nn>`: the case's name everywhere and its workflow id. */
export const caseId = z
  .string()
  .regex(/^case\/[a-z][a-z0-9-]{0,39}\/\d{4}-\d{2}-\d{2}-\d{2,4}$/)
  .brand<'case'>();
export type CaseId = z.infer<typeof caseId>;

/** `rotation/<account>/<date>-<nn>`. */
export const rotationId = z
  .string()
  .regex(/^rotation\/[a-z][a-z0-9-]{0,39}\/\d{4}-\d{2}-\d{2}-\d{2,4}$/)
  .brand<'rotation'>();
export type RotationId = z.infer<typeof rotationId>;

/** A SHA-256 in lower-case hex. */
export const digest = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .brand<'digest'>();
export type Digest = z.infer<typeof digest>;

/** 128 random bits in lower-case hex; a truncated one is refused. */
export const nonce = z.string().regex(/^[0-9a-f]{32}$/);

/** An instant: ISO 8601, UTC, milliseconds. */
export const instant = z.iso.datetime({ precision: 3 });

/** One half of a credential; the two are never in one place. */
export const part = z.enum(['password', 'mfa']);
export type Part = z.infer<typeof part>;
export const parts: readonly Part[] = part.options;

/** One value of one part, numbered for each part apart, from 1. */
export const generation = z.int().min(1).max(1_000_000);

const numbered = (date: string, n: number): string => `${date}-${String(n).padStart(2, '0')}`;

/** The account workflow's id. */
export const accountWorkflowId = (account: AccountId): string => `account/${account}`;

/** The nth case of an account on a UTC date (`YYYY-MM-DD`). */
export const caseIdOf = (account: AccountId, date: string, n: number): CaseId =>
  caseId.parse(`case/${account}/${numbered(date, n)}`);

/** The nth rotation of an account on a UTC date (`YYYY-MM-DD`). */
export const rotationIdOf = (account: AccountId, date: string, n: number): RotationId =>
  rotationId.parse(`rotation/${account}/${numbered(date, n)}`);

/** The quarter of an instant or a date, e.g. `2026-Q4`. */
export const quarterOf = (at: string): string =>
  `${at.slice(0, 4)}-Q${Math.ceil(Number(at.slice(5, 7)) / 3)}`;

/** A calendar quarter, such as `2026-Q4`. */
export const quarter = z.string().regex(/^\d{4}-Q[1-4]$/);

/** The quarter in which a case was admitted, by its id. */
export const quarterOfCase = (id: CaseId): string => quarterOf(id.split('/')[2] ?? '');

/** Whether an id, of whatever it is, is a case's. */
export const isCaseId = (id: string | null | undefined): id is CaseId => id?.startsWith('case/') === true;

/** The account that a case or rotation id names. */
export const accountOf = (id: CaseId | RotationId): AccountId => accountId.parse(id.split('/')[1]);
