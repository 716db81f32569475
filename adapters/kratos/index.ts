/**
 * Ory Kratos 1.3.1: the admin api, the native login flows, and the body of its login hook. Nothing else in
 * the project talks to Kratos.
 */
export { createKratosAdmin, type KratosAdmin } from './admin.ts';
export { askKratosReady } from './health.ts';
export { KratosError, type KratosErrorDetail } from './errors.ts';
export { parseKratosHook, type KratosHook } from './hook.ts';
export { createKratosLogin, type KratosLogin } from './login.ts';
export type { LoggedIn, PasswordTried, RefusalReason, Refused, WhoAmI } from './outcomes.ts';
export type { RestoredShape } from './credentials.ts';
export type { AccountTraits, CredentialPresence, IdentityShape, IdentitySummary } from './identityShape.ts';
export type { SessionMethod, SessionRecord } from './sessions.ts';
export type { TotpEnrolment } from './totp.ts';
