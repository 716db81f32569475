import { z } from 'zod';
import type pg from 'pg';
import { sighting as sightingSchema, type Sighting } from '../../core/contracts/events.ts';
import type { AccountId } from '../../core/contracts/ids.ts';
import { storable } from '../../core/evidence/ledgerRow.ts';
import { ask, type Queryable } from './query.ts';

/** What a report of a sighting added. */
export type SightingRecorded = 'first' | 'detail' | 'known';

/** A login with everything that became known of it. */
export interface RecordedSighting {
  /** As it was first reported. */
  readonly first: Sighting;
  /** Later reports that said something new, in order. */
  readonly details: readonly Sighting[];
  /** The first report with the latest session, and the highest assurance, of the others. */
  readonly latest: Sighting;
}

/** Logins as the sentinel found them. */
export interface SightingStore {
  /** Records a login once by its id; a later report that says something new adds a detail. */
  recordSighting(sighting: Sighting): Promise<SightingRecorded>;
  /** Newest first. */
  list(which?: { readonly account?: AccountId; readonly limit?: number }): Promise<RecordedSighting[]>;
}

const FACTS = 'session_id, ip, user_agent, method, aal, source';

const INSERT_FIRST = `
  INSERT INTO break_glass_events (id, ${FACTS}, seen_at, account, identity_id)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
  ON CONFLICT ON CONSTRAINT break_glass_events_id DO NOTHING RETURNING id`;

const INSERT_DETAIL = `
  INSERT INTO break_glass_event_details (event_id, ${FACTS}, seen_at)
  SELECT $1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::timestamptz
  WHERE NOT EXISTS (
    SELECT FROM (
      SELECT id AS event_id, ${FACTS} FROM break_glass_events
      UNION ALL SELECT event_id, ${FACTS} FROM break_glass_event_details
    ) AS known
    WHERE (event_id, ip, user_agent, method, aal, source) = ($1, $3, $4, $5, $6, $7)
      AND session_id IS NOT DISTINCT FROM $2
  ) RETURNING id`;

const LIST = `
  SELECT e.account, e.identity_id, e.id, ${FACTS.replaceAll(/(\w+)/g, 'e.$1')}, e.seen_at,
    (SELECT coalesce(jsonb_agg(to_jsonb(d) ORDER BY d.id), '[]') FROM break_glass_event_details d
     WHERE d.event_id = e.id) AS details
  FROM break_glass_events e WHERE $1::text IS NULL OR e.account = $1
  ORDER BY e.seen_at DESC, e.id LIMIT $2`;

/**
 * @throws (its functions) DatabaseUnavailable, DatabaseError
 */
export function createSightingStore(pool: pg.Pool): SightingStore {
  return {
    recordSighting: (sighting) => record(pool, sightingSchema.parse(storable(sighting))),
    list: async ({ account, limit = 100 } = {}) =>
      (await ask(pool, 'reading logins', LIST, [account ?? null, limit])).map(parseRecorded),
  };
}

async function record(db: Queryable, it: Sighting): Promise<SightingRecorded> {
  const facts = [it.id, it.session, it.ip, it.userAgent, it.method, it.aal, it.source, it.at];
  const first = await ask(db, 'recording a login', INSERT_FIRST, [...facts, it.account, it.identity]);
  if (first.length > 0) return 'first';
  const detail = await ask(db, 'recording a login', INSERT_DETAIL, facts);
  return detail.length > 0 ? 'detail' : 'known';
}

const factsRow = z.object({
  session_id: z.string().nullable(),
  ip: z.string(),
  user_agent: z.string(),
  method: z.string(),
  aal: z.string(),
  source: z.string(),
  // Within JSON it comes as text.
  seen_at: z.union([z.date(), z.string().transform((text) => new Date(text))]),
});
const eventRow = factsRow.extend({
  id: z.string(),
  account: z.string(),
  identity_id: z.string(),
  details: z.array(factsRow),
});

function parseRecorded(found: unknown): RecordedSighting {
  const { id, account, identity_id: identity, details, ...facts } = eventRow.parse(found);
  const sightingOf = ({
    session_id: session,
    user_agent: userAgent,
    seen_at,
    ...same
  }: z.infer<typeof factsRow>) =>
    sightingSchema.parse({ ...same, id, account, identity, session, userAgent, at: seen_at.toISOString() });
  const first = sightingOf(facts);
  const later = details.map(sightingOf);
  return { first, details: later, latest: later.reduce(merge, first) };
}

const assurance = { unknown: 0, aal1: 1, aal2: 2 } as const satisfies Record<Sighting['aal'], number>;

function merge(sofar: Sighting, next: Sighting): Sighting {
  const aal = assurance[next.aal] > assurance[sofar.aal] ? next.aal : sofar.aal;
  return { ...sofar, aal, session: next.session ?? sofar.session };
}
