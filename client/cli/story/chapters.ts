/** A case's rows as chapters, one for each phase, in the order in which things happened. */
import type { Config } from '../../../core/contracts/config.ts';
import type { CaseId } from '../../../core/contracts/ids.ts';
import type { Row } from '../../../core/contracts/ledger.ts';
import { lateness } from '../../../core/rules/decision.ts';
import { evolveCase } from '../../../core/rules/case/evolve.ts';
import type { CaseState, Phase } from '../../../core/rules/case/state.ts';
import { caseEventsIn } from '../../../core/rules/streams.ts';
import { lateOf, nameOf, sentence, whoDid } from './words.ts';

/** One thing that happened, told by one row, or by several that say the same. */
export interface Told {
  readonly rows: readonly Row[];
  readonly at: string;
  readonly who: string;
  readonly what: string;
  /** What was late, or in time, in words. */
  readonly notes: readonly string[];
}

export interface Chapter {
  /** In which it was told; null before the case began. */
  readonly phase: Phase | null;
  readonly heading: string;
  readonly told: readonly Told[];
}

const headings = {
  requested: 'Asked for',
  unanswered: 'A login that nobody claimed',
  authorised: 'Authorised: shares are released',
  released: 'Released: the login is waited for',
  'in-session': 'In session',
  ended: 'Ended: the credential is replaced',
  settling: 'Settling: what people owed',
  closed: 'Afterwards',
  denied: 'Afterwards',
  withdrawn: 'Afterwards',
  expired: 'Afterwards',
} as const satisfies Record<Phase, string>;

/** The case before and after each of its rows, by the row's number: folded in the ledger's order. */
const statesOf = (
  rows: readonly Row[],
  id: CaseId,
): ReadonlyMap<number, { readonly before: CaseState | null; readonly after: CaseState | null }> => {
  const states = new Map<number, { before: CaseState | null; after: CaseState | null }>();
  let state: CaseState | null = null;
  for (const row of rows.toSorted((one, other) => one.seq - other.seq)) {
    const before: CaseState | null = state;
    state = caseEventsIn([row], id).reduce<CaseState | null>(evolveCase, state);
    if (state !== before) states.set(row.seq, { before, after: state });
  }
  return states;
};

/** A span in the two units that matter. @param seconds - at least 0 */
export const span = (seconds: number): string => {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return `${Math.floor(seconds)} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return hours % 24 === 0 ? `${Math.floor(hours / 24)} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
};

/** What somebody owed and did in a row: in time, or how late. */
const dischargedIn = (
  { before, after }: { readonly before: CaseState | null; readonly after: CaseState | null },
  people: Config['people'][],
): string[] =>
  (after?.obligations ?? []).flatMap(({ id, kind, owner, due, ended }) => {
    const isNew = before?.obligations.find((each) => each.id === id)?.ended == null;
    if (ended === null || !isNew) return [];
    const late = lateness(due, ended.at);
    return late === 0 ? [] : [`the ${kind} of ${nameOf(owner, people)} was due ${span(late)} before`];
  });

const isMessage = ({ action }: Row): boolean => action === 'break_glass_message';

/** Messages that follow each other are one thing: people were told. */
const together = (told: readonly Told[]): Told[] =>
  told.reduce<Told[]>((all, each) => {
    const last = all.at(-1);
    if (last === undefined || ![last, each].every(({ rows }) => rows.every(isMessage))) return [...all, each];
    const rows = [...last.rows, ...each.rows];
    const to = new Set([last, each].flatMap(({ what }) => what.split(': to ')[1]?.split(', ') ?? []));
    return [
      ...all.slice(0, -1),
      { ...last, rows, what: `sent ${rows.length} messages: to ${[...to].join(', ')}` },
    ];
  }, []);

/**
 * Tells a case.
 *
 * @param rows - in order of time
 * @param people - of the configs that name them, the case's own first
 */
export const chaptersOf = (rows: readonly Row[], id: CaseId, people: Config['people'][]): Chapter[] => {
  const states = statesOf(rows, id);
  const chapters: { phase: Phase | null; told: Told[] }[] = [];
  for (const row of rows) {
    const change = states.get(row.seq);
    const last = chapters.at(-1);
    // A row that is about the case without changing it stands where it happened. What opens the case begins it.
    const opens = change?.before === null;
    const phase = opens
      ? (change.after?.phase ?? null)
      : change === undefined
        ? (last?.phase ?? null)
        : change.before.phase;
    const late = lateOf(row);
    const told: Told = {
      rows: [row],
      at: row.timestamp,
      who: whoDid(row, people),
      what: sentence(row, people),
      notes: [
        ...(late === 0 ? [] : [`${span(late)} late`]),
        ...(change === undefined ? [] : dischargedIn(change, people)),
      ],
    };
    if (last?.phase === phase) last.told.push(told);
    else chapters.push({ phase, told: [told] });
    // What happens after this row happens in the phase that it led to.
    const entered = change?.after?.phase;
    if (entered !== undefined && entered !== phase) chapters.push({ phase: entered, told: [] });
  }
  return chapters
    .filter((each) => each.told.length > 0)
    .map(({ phase, told }) => ({
      phase,
      heading: phase === null ? 'Before it' : headings[phase],
      told: together(told),
    }));
};
