import { openEnvelope } from '../../../core/trust/envelope.ts';
import { wrongs } from '../../rules/oracle.ts';
import type { Evidence } from '../evidence.ts';
import type { Verdict } from './verdict.ts';

/** Events that only a person's signature may bring about. */
const signed: readonly string[] = [
  ...['requested', 'approved', 'denied', 'withdrawn', 'share-released', 'old-credential', 'attested'],
  ...['written-up', 'provision-signed', 'session-claimed', 'override-signed', 'old-credential-works'],
];

/** Promise 5: each decision stands on a signature that holds, each nonce on one decision, each opening on a quorum. */
export const forgedOrAlone = ({ rows, configs, current, config }: Evidence): Verdict => {
  let looked = 0;
  const nonces = new Map<string, number>();
  const unproven = rows.flatMap((row) => {
    if (row.result !== 'success') return [];
    const events = (row.metadata.events ?? []).map(({ event }) => event);
    const person = events.find((event) => signed.includes(event.type) && 'by' in event && event.by !== null);
    if (row.nonce !== null) nonces.set(row.nonce, (nonces.get(row.nonce) ?? 0) + 1);
    if (person === undefined) return [];
    looked += 1;
    const { envelope } = row.metadata;
    if (envelope === undefined) return [`row ${row.seq}: ${person.type} without a signature`];
    const opened = openEnvelope({ envelope, configs, current, now: row.timestamp });
    if (!opened.ok) return [`row ${row.seq}: ${person.type} on a signature that does not hold`];
    return 'by' in person && opened.statement.by !== person.by
      ? [`row ${row.seq}: ${person.type} in the name of another`]
      : [];
  });
  const twice = [...nonces].flatMap(([nonce, times]) =>
    times > 1 ? [`nonce ${nonce} used ${times} times`] : [],
  );
  const entries = rows.map((row) => ({
    now: row.timestamp,
    current: config,
    events: row.metadata.events ?? [],
  }));
  return { wrong: [...unproven, ...twice, ...wrongs(entries)], looked };
};
