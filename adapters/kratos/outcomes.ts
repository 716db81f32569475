import { errorId, flowMessages, type Answer } from './transport.ts';

/** Why Kratos said no where a no is an ordinary outcome. */
export type RefusalReason =
  /** The password is wrong, or nobody has that identifier: Kratos does not tell which. */
  | 'invalid_credentials'
  /** The password is right, but the identity's state is inactive. */
  | 'identity_disabled'
  | 'invalid_code'
  | 'no_totp'
  /** The session token is unknown, ended or expired. */
  | 'no_session'
  /** The session is at aal1 and the identity has a second factor. */
  | 'second_factor_required'
  /** The session is older than Kratos's privileged_session_max_age. */
  | 'login_again';

/** A refusal, as a value. */
export interface Refused {
  readonly refused: true;
  readonly status: number;
  readonly reason: RefusalReason;
}

/** A session as the one who logged in sees it. `sessionToken` is a secret. */
export interface LoggedIn {
  readonly refused: false;
  readonly sessionToken: string;
  readonly sessionId: string;
  readonly aal: string;
  /** See `SessionRecord.firstMethodAt`. */
  readonly firstMethodAt: string;
}

/** Who a session token belongs to. */
export interface WhoAmI {
  readonly refused: false;
  readonly active: boolean;
  readonly sessionId: string;
  readonly identityId: string;
  readonly aal: string;
  readonly firstMethodAt: string | null;
}

/** The outcome of trying a password that should be dead. */
export type PasswordTried = Refused | { readonly refused: false; readonly sessionId: string };

// text/id.go of Kratos 1.3.1.
const messageReasons: Readonly<Record<number, RefusalReason>> = {
  4000006: 'invalid_credentials',
  4000008: 'invalid_code',
  4000011: 'no_totp',
};

/** The refusal of a submitted factor; undefined when the answer is anything else. */
export function factorRefusal({ status, body }: Answer): Refused | undefined {
  if (status !== 400) return undefined;
  for (const { id } of flowMessages(body)) {
    const reason = messageReasons[id];
    if (reason !== undefined) return { refused: true, status, reason };
  }
  return undefined;
}

/** The refusal of a session token; undefined when the answer is anything else. */
export function sessionRefusal({ status, body }: Answer): Refused | undefined {
  if (status === 401) return { refused: true, status, reason: 'no_session' };
  if (status !== 403) return undefined;
  const id = errorId(body);
  if (id === 'session_aal2_required') return { refused: true, status, reason: 'second_factor_required' };
  if (id === 'session_refresh_required') return { refused: true, status, reason: 'login_again' };
  return undefined;
}
