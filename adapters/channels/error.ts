/** A channel did not take a message. It holds no request, no address and no cause: those carry secrets. */
export class ChannelError extends Error {
  override readonly name = 'ChannelError';
  /** The channel's name in the config. */
  readonly channel: string;
  /** Whether the same message may be taken later without anybody changing a setting. */
  readonly retryable: boolean;
  readonly reason: string;

  constructor(detail: { channel: string; retryable: boolean; reason: string }) {
    super(`channel ${detail.channel}: ${detail.reason}`);
    this.channel = detail.channel;
    this.retryable = detail.retryable;
    this.reason = detail.reason;
  }
}

/** A channel took a message. */
export interface Acceptance {
  /** By our clock, when the answer came. */
  readonly acceptedAt: string;
  /** The channel's own receipt, e.g. the SNS message id. */
  readonly detail: string;
}

/** Milliseconds a channel has for one attempt. */
export const SEND_LIMIT_MS = 5_000;

const systemCode = /^[A-Z][A-Z0-9_]{1,39}$/;

/** The system's own word for a failed connection (`ECONNREFUSED`); a message may quote the address. */
export const networkReason = (error: unknown): string => {
  for (
    let each: unknown = error, depth = 0;
    each instanceof Error && depth < 4;
    each = each.cause, depth += 1
  ) {
    if (each.name === 'TimeoutError' || each.name === 'AbortError')
      return `no answer within ${SEND_LIMIT_MS / 1000} s`;
    if ('code' in each && typeof each.code === 'string' && systemCode.test(each.code))
      return `no answer (${each.code})`;
  }
  return 'no answer';
};
