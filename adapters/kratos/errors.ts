/** What a {@link KratosError} says: enough to act on, nothing that was sent. */
export interface KratosErrorDetail {
  /** The adapter's function that failed, e.g. `setPassword`. */
  readonly operation: string;
  /** Kratos's own error id, the system's network code, or one of this adapter's ids. */
  readonly id: string;
  readonly reason: string;
  /** HTTP status; undefined when no answer came. */
  readonly status?: number | undefined;
  /** True for network trouble, 429 and 5xx: the same call may succeed later. */
  readonly retryable: boolean;
}

/**
 * The only error that leaves this adapter. It has no `cause` and no request: the client's own errors carry
 * the request body, and that body is the password.
 */
export class KratosError extends Error {
  override readonly name = 'KratosError';
  readonly operation: string;
  readonly id: string;
  readonly reason: string;
  readonly status: number | undefined;
  readonly retryable: boolean;

  constructor(detail: KratosErrorDetail) {
    const status = detail.status === undefined ? 'no answer' : `status ${String(detail.status)}`;
    super(`kratos ${detail.operation}: ${status}, ${detail.id}: ${detail.reason}`);
    this.operation = detail.operation;
    this.id = detail.id;
    this.reason = detail.reason;
    this.status = detail.status;
    this.retryable = detail.retryable;
  }
}
