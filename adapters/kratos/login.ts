import { FrontendApi } from '@ory/client';
import { z } from 'zod';
import { sessionSchema } from './sessions.ts';
import { totpOperations } from './totp.ts';
import { factorRefusal, sessionRefusal } from './outcomes.ts';
import type { LoggedIn, PasswordTried, Refused, WhoAmI } from './outcomes.ts';
import { expectBody, expectStatus, fetchBody, refusalError } from './transport.ts';
import { createTransport, type Answer, type Call } from './transport.ts';

const flowIdSchema = z.object({ id: z.uuid() });
const loggedInSchema = z.object({ session_token: z.string().min(1), session: sessionSchema });
const whoAmISchema = z.intersection(z.object({ identity: z.object({ id: z.uuid() }) }), sessionSchema);

/**
 * Kratos's native login and settings flows: JSON and a session token, no cookie and no CSRF token. Used by
 * the worker in a rotation and by the requester's own machine. Each function throws only `KratosError`.
 * @param publicUrl - the public api's base address.
 * @param timeoutMs - for one request, in milliseconds.
 * @param userAgent - what Kratos's session record shows; default `breakglass`.
 */
export function createKratosLogin(settings: { publicUrl: string; timeoutMs: number; userAgent?: string }) {
  const { publicUrl, timeoutMs, userAgent = 'breakglass' } = settings;
  const { configuration, ask } = createTransport({ url: publicUrl, timeoutMs, userAgent });
  const api = new FrontendApi(configuration);

  /** First factor: gives a session at aal1. */
  async function login(credentials: { identifier: string; password: string }): Promise<LoggedIn | Refused> {
    const { identifier, password } = credentials;
    const secrets = [password];
    const begin: Call = { operation: 'login', send: (options) => api.createNativeLoginFlow({}, options) };
    const flow = (await fetchBody(ask, begin, flowIdSchema)).id;
    const submit: Call = {
      operation: 'login',
      secrets,
      send: (options) =>
        api.updateLoginFlow(
          { flow, updateLoginFlowBody: { method: 'password', identifier, password } },
          options,
        ),
    };
    return outcome(submit, await ask(submit));
  }

  /** Second factor: lifts the same session to aal2. */
  async function loginSecondFactor(factor: {
    sessionToken: string;
    code: string;
  }): Promise<LoggedIn | Refused> {
    const { sessionToken, code } = factor;
    const secrets = [sessionToken, code];
    const begin: Call = {
      operation: 'loginSecondFactor',
      secrets,
      send: (options) => api.createNativeLoginFlow({ aal: 'aal2', xSessionToken: sessionToken }, options),
    };
    const begun = await ask(begin);
    const refusal = sessionRefusal(begun);
    if (refusal !== undefined) return refusal;
    const flow = expectBody(begin, begun, flowIdSchema).id;
    const submit: Call = {
      operation: 'loginSecondFactor',
      secrets,
      send: (options) =>
        api.updateLoginFlow(
          {
            flow,
            xSessionToken: sessionToken,
            updateLoginFlowBody: { method: 'totp', totp_code: code },
          },
          options,
        ),
    };
    return outcome(submit, await ask(submit));
  }

  /** Whether a session token is good for what Kratos demands of a session (here: the highest aal it has). */
  async function whoami(sessionToken: string): Promise<WhoAmI | Refused> {
    const call: Call = {
      operation: 'whoami',
      secrets: [sessionToken],
      send: (options) => api.toSession({ xSessionToken: sessionToken }, options),
    };
    const answer = await ask(call);
    const refusal = sessionRefusal(answer);
    if (refusal !== undefined) return refusal;
    const { id, active, aal, firstMethodAt, identity } = expectBody(call, answer, whoAmISchema);
    return { refused: false, active, sessionId: id, identityId: identity.id, aal, firstMethodAt };
  }

  /** Ends the session of this token; its record stays. False when Kratos does not know the token. */
  async function logout(sessionToken: string): Promise<boolean> {
    const call: Call = {
      operation: 'logout',
      secrets: [sessionToken],
      send: (options) =>
        api.performNativeLogout({ performNativeLogoutBody: { session_token: sessionToken } }, options),
    };
    const answer = await ask(call);
    if (answer.status === 403) return false;
    expectStatus(call, answer);
    return true;
  }

  /**
   * Tries a password that should be dead. Where it still works, the session that this made is ended at once
   * (it has rung by then) and its id given, so that it can be accounted for.
   */
  async function tryPassword(credentials: { identifier: string; password: string }): Promise<PasswordTried> {
    const tried = await login(credentials);
    if (tried.refused) return tried;
    await logout(tried.sessionToken);
    return { refused: false, sessionId: tried.sessionId };
  }

  return { login, loginSecondFactor, whoami, logout, tryPassword, ...totpOperations(api, ask) };
}

export type KratosLogin = ReturnType<typeof createKratosLogin>;

function outcome(call: Call, answer: Answer): LoggedIn | Refused {
  const refusal = factorRefusal(answer);
  if (refusal !== undefined) return refusal;
  // Kratos looks at the state of an identity after its password.
  if (answer.status === 401) return { refused: true, status: 401, reason: 'identity_disabled' };
  const { session_token: sessionToken, session } = expectBody(call, answer, loggedInSchema);
  if (session.firstMethodAt === null) throw refusalError(call, answer);
  return {
    refused: false,
    sessionToken,
    sessionId: session.id,
    aal: session.aal,
    firstMethodAt: session.firstMethodAt,
  };
}
