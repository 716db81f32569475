import { z } from 'zod';
import { ask, type Queryable } from './query.ts';

/** Messages that a channel has not taken, though it was tried, or though a minute has passed. */
export interface Waiting {
  readonly channel: string;
  readonly messages: number;
  /** When the oldest of them was written. UTC. */
  readonly since: string;
  /** What the channel last said; null when it was never tried. */
  readonly said: string | null;
}

const WAITING = `
  SELECT c.channel, count(*)::int AS messages, min(o.created_at) AS since,
         (array_agg(d.detail ORDER BY d.at DESC NULLS LAST))[1] AS said
  FROM outbox o
  CROSS JOIN LATERAL jsonb_array_elements_text(o.message -> 'channels') AS c (channel)
  LEFT JOIN LATERAL (
    SELECT detail, at FROM outbox_delivery
    WHERE outbox_id = o.id AND channel = c.channel ORDER BY at DESC LIMIT 1
  ) AS d ON true
  WHERE NOT EXISTS (
    SELECT FROM outbox_delivery
    WHERE outbox_id = o.id AND channel = c.channel AND outcome = 'accepted')
    AND (d.at IS NOT NULL OR o.created_at < clock_timestamp() - interval '1 minute')
  GROUP BY c.channel ORDER BY c.channel`;

const waitingRow = z.object({
  channel: z.string(),
  messages: z.int(),
  since: z.date(),
  said: z.string().nullable(),
});

/** The database's own clock. @throws DatabaseUnavailable, DatabaseError */
export const askDatabaseTime = async (db: Queryable): Promise<Date> => {
  const [row] = await ask(db, 'reading the time', 'SELECT clock_timestamp() AS at');
  return z.object({ at: z.date() }).parse(row).at;
};

/** What waits in the outbox, by channel; none is the usual. @throws DatabaseUnavailable, DatabaseError */
export const askWaiting = async (db: Queryable): Promise<Waiting[]> =>
  (await ask(db, 'reading the outbox', WAITING)).map((each) => {
    const row = waitingRow.parse(each);
    return { ...row, since: row.since.toISOString() };
  });
