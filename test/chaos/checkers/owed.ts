import type { CaseEvent } from '../../../core/contracts/events.ts';
import { parts, type CaseId } from '../../../core/contracts/ids.ts';
import type { Evidence } from '../evidence.ts';
import type { Verdict } from './verdict.ts';

/** Each case's events, in order. */
const casesIn = ({ rows }: Evidence): Map<CaseId, CaseEvent[]> => {
  const found = new Map<CaseId, CaseEvent[]>();
  for (const row of rows)
    for (const each of row.metadata.events ?? [])
      if ('case' in each) found.set(each.case, [...(found.get(each.case) ?? []), each.event]);
  return found;
};

const over = ['denied', 'withdrawn', 'expired'];

/** What must have happened in a case from which a share had left its custodian. */
const missing = (events: readonly CaseEvent[]): string[] => {
  const has = (holds: (event: CaseEvent) => boolean): boolean => events.some(holds);
  const rotated = events.find((event) => event.type === 'rotated');
  // Nobody holds the old credential of a use that nobody owned up to, or can tell what was done.
  const isUse = has(({ type }) => type === 'detected');
  // Seals that a later rotation put out of use are nobody's to attest.
  const isSuperseded = has(({ type }) => type === 'superseded');
  const attestations = (isSuperseded ? [] : parts).flatMap((part) =>
    (rotated?.pair[part].custodians ?? []).map((by) => ({ part, by })),
  );
  return [
    ...(rotated === undefined ? ['a rotation'] : []),
    ...(has(({ type }) => type === 'sessions-ended') ? [] : ['the end of its sessions']),
    ...(isUse || has(({ type }) => type === 'old-credential') ? [] : ['word of the old credential']),
    ...(isUse ? (['post-mortem'] as const) : (['session-log', 'post-mortem'] as const)).filter(
      (document) => !has((event) => event.type === 'written-up' && event.document === document),
    ),
    ...attestations
      .filter(({ part, by }) => !has((e) => e.type === 'attested' && e.part === part && e.by === by))
      .map(({ part, by }) => `the attestation of the ${part} by ${by}`),
    ...(has(({ type }) => type === 'closed') ? [] : ['its close']),
  ];
};

/** Promise 4: once everybody has acted, each case is over, and nothing that was owed is without its evidence. */
export const owedAndLost = (evidence: Evidence): Verdict => {
  if (!evidence.isSettled)
    return { wrong: ['it did not come to rest: somebody waits for something for ever'], looked: 0 };
  let looked = 0;
  const wrong = [...casesIn(evidence)].flatMap(([id, events]) => {
    const isOwnedUp = events.some((event) => event.type === 'answered' && event.how === 'mine');
    const wasReleased =
      !isOwnedUp && events.some(({ type }) => type === 'share-released' || type === 'detected');
    const isOver = events.some(({ type }) => over.includes(type) || type === 'closed');
    if (!isOver) return [`${id} never ended`];
    if (!wasReleased) return [];
    looked += 1;
    return missing(events).map((what) => `${id} ended without ${what}`);
  });
  return { wrong, looked };
};

/** What is told to people reaches each of their channels, whatever failed before. */
export const messagesLost = ({ messages, taken, isSettled }: Evidence): Verdict => {
  const due = isSettled
    ? messages.flatMap(({ id, channels }) => channels.map((channel) => ({ id, channel })))
    : [];
  return {
    looked: due.length,
    wrong: due
      .filter(({ id, channel }) => !taken.some((each) => each.id === id && each.channel === channel))
      .map(({ id, channel }) => `${id} never reached ${channel}`),
  };
};
