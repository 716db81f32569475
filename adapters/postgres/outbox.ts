import { z } from 'zod';
import type pg from 'pg';
import { message as messageSchema, type Message } from '../../core/contracts/ledger.ts';
import { storable } from '../../core/evidence/ledgerRow.ts';
import { ask } from './query.ts';

/** A message that one of its channels has not accepted yet. */
export interface PendingDelivery {
  readonly message: Message;
  readonly channel: string;
  /** The row that caused the message. */
  readonly seq: number;
  /** Attempts so far, all failed. */
  readonly attempts: number;
  /** When the last one was recorded; null before the first. UTC. */
  readonly lastAttemptAt: string | null;
}

/** What became of one attempt. */
export interface Delivery {
  readonly id: string;
  readonly channel: string;
  /** Counts from 1. */
  readonly attempt: number;
  readonly outcome: 'accepted' | 'failed';
  /** The channel's own id or error; never a secret. Cut after 500 characters. */
  readonly detail: string;
  /** UTC. */
  readonly at: string;
}

/** How long a failed delivery rests: doubled with each attempt, from the first to the longest. Seconds. */
export interface Backoff {
  readonly first: number;
  readonly longest: number;
}

/** Messages to people on their way to each channel. */
export interface Outbox {
  /**
   * Deliveries to be tried, at most `limit`: never tried ones first, then the one tried longest ago, so that no
   * failing channel holds up another.
   *
   * @param now - UTC
   * @param backoff - leaves out what rests at `now`; without it everything not accepted is given
   */
  pending(limit: number, now: string, backoff?: Backoff): Promise<PendingDelivery[]>;
  recordDelivery(delivery: Delivery): Promise<void>;
}

const PENDING = `
  WITH pending AS (
    SELECT o.seq, o.message, c.channel, d.attempts, d.last_at
    FROM outbox o
    CROSS JOIN LATERAL jsonb_array_elements_text(o.message -> 'channels') AS c (channel)
    CROSS JOIN LATERAL (
      SELECT count(*)::int AS attempts, max(at) AS last_at, coalesce(bool_or(outcome = 'accepted'), false) AS accepted
      FROM outbox_delivery WHERE outbox_id = o.id AND channel = c.channel
    ) AS d
    WHERE o.seq > $1 AND NOT d.accepted
  )
  SELECT seq, message, channel, attempts, last_at FROM pending
  WHERE last_at IS NULL OR $3::float8 IS NULL
     OR last_at + make_interval(secs => least($3 * 2 ^ least(attempts - 1, 30), $4::float8)) <= $2::timestamptz
  ORDER BY last_at NULLS FIRST, seq, channel
  LIMIT $5`;

/** The number below which everything is accepted, as far as one statement saw. */
const SETTLED = `
  SELECT coalesce(
    (SELECT min(o.seq) - 1 FROM outbox o, jsonb_array_elements_text(o.message -> 'channels') AS c (channel)
     WHERE o.seq > $1 AND NOT EXISTS (
       SELECT FROM outbox_delivery WHERE outbox_id = o.id AND channel = c.channel AND outcome = 'accepted')),
    (SELECT max(seq) FROM outbox), 0) AS seq`;

const pendingRow = z.object({
  seq: z.coerce.number(),
  message: messageSchema,
  channel: z.string(),
  attempts: z.int(),
  last_at: z.date().nullable(),
});

/**
 * @throws (its functions) DatabaseUnavailable, DatabaseError
 */
export function createOutbox(pool: pg.Pool): Outbox {
  // Messages are added in the order of their rows, and what is accepted stays so: what lies behind need not be
  // looked at again.
  let settled = 0;
  return {
    pending: async (limit, now, backoff) => {
      const [found] = await ask(pool, 'reading the outbox', SETTLED, [settled]);
      settled = z.object({ seq: z.coerce.number() }).parse(found).seq;
      const rows = await ask(pool, 'reading the outbox', PENDING, [
        settled,
        now,
        backoff?.first,
        backoff?.longest,
        limit,
      ]);
      return rows.map((row) => {
        const { last_at, ...pending } = pendingRow.parse(row);
        return { ...pending, lastAttemptAt: last_at?.toISOString() ?? null };
      });
    },
    recordDelivery: async ({ id, channel, attempt, outcome, detail, at }) => {
      const insert = `INSERT INTO outbox_delivery (outbox_id, channel, attempt, outcome, detail, at)
        VALUES ($1, $2, $3, $4, $5, $6)`;
      const said = storable(detail.slice(0, 500));
      await ask(pool, 'recording a delivery', insert, [id, channel, attempt, outcome, said, at]);
    },
  };
}
