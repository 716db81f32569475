/** A case's story as text for people. */
import type { Row } from '../../../core/contracts/ledger.ts';
import { usedSince, type CaseState } from '../../../core/rules/case/state.ts';
import { oneLine, when } from '../printable.ts';
import type { Chain } from './chain.ts';
import { span, type Chapter, type Told } from './chapters.ts';
import type { Checked } from './evidence.ts';
import { asidesOf, processText, type Aside, type Process } from './temporal.ts';

/** Quiet of at least so many seconds is told. */
const GAP = 3600;

export interface Story {
  readonly state: CaseState;
  /** Who asked, or answers for it, by name. */
  readonly responsible: string;
  readonly chapters: readonly Chapter[];
  readonly checks: ReadonlyMap<number, Checked>;
  readonly chain: Chain;
  /** Null where nobody asked for it. */
  readonly process: Process | null;
}

const seconds = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / 1000;

const since = (from: string, at: string): string => {
  const passed = seconds(from, at);
  return passed < 0 ? `−${span(-passed)}` : `+${span(passed)}`;
};

/** How a row was verified, in a few words. */
const verifiedBy = ({ evidence, isWhole }: Checked): string => {
  const row = isWhole === false ? '; THE ROW WAS CHANGED' : '';
  switch (evidence.kind) {
    case 'signed':
      return `signed by ${evidence.by}, key ${evidence.fingerprint}, config ${evidence.config.slice(0, 12)}${row}`;
    case 'machine':
      return `the process’s own word${row}`;
    case 'withheld':
      return `signature not shown to you${row}`;
    case 'unproven':
      return `proven by nothing (${evidence.why})${row}`;
    case 'false':
      return `DOES NOT HOLD: ${evidence.why}${row}`;
  }
};

const numbers = (rows: readonly Row[]): string => {
  const [first, last] = [rows[0]?.seq ?? 0, rows.at(-1)?.seq ?? 0];
  return rows.length === 1 ? `row ${first}` : `rows ${first} to ${last}`;
};

const place = (rows: readonly Row[], chain: Chain): string => {
  if (chain.kind !== 'followed') return numbers(rows);
  const { witnessed } = chain;
  const last = Math.max(...rows.map(({ seq }) => seq));
  const isWitnessed = witnessed !== null && last <= witnessed.size;
  return `${numbers(rows)}, in the chain${isWitnessed ? ', witnessed' : ''}`;
};

const lineOf = (it: Told, began: string, { checks, chain }: Story): string[] => {
  const how = [
    ...new Set(
      it.rows.map((each) => checks.get(each.seq)).map((each) => (each === undefined ? '' : verifiedBy(each))),
    ),
  ];
  return [
    `  ${when(it.at)}  ${since(began, it.at)}`,
    `    ${it.who} ${it.what}${it.notes.length === 0 ? '' : `; ${it.notes.join('; ')}`}`,
    `    [${how.join('; ')}; ${place(it.rows, chain)}]`,
  ];
};

const asideText = ({ at, text }: Aside, began: string): string =>
  `  ~ ${when(at)}  ${since(began, at)}  ${text}`;

/** Where a chapter stands among the others. */
interface Place {
  /** When the case began. */
  readonly began: string;
  /** The end of the chapter before; null for the first. */
  readonly before: string | null;
  /** When the next begins; null for the last. */
  readonly until: string | null;
  /** What Temporal tells of the same time, in order. */
  readonly asides: readonly Aside[];
}

const chapterText = (chapter: Chapter, { began, before, until, asides }: Place, story: Story): string[] => {
  const [first] = chapter.told;
  const lasted =
    first === undefined || until === null ? '' : `, ${span(Math.max(0, seconds(first.at, until)))}`;
  let previous = before;
  const left = [...asides];
  const asidesUntil = (at: string): string[] => {
    const next = left.findIndex((each) => Date.parse(each.at) >= Date.parse(at));
    return left.splice(0, next < 0 ? left.length : next).map((each) => asideText(each, began));
  };
  return [
    '',
    `${chapter.heading}${lasted}`,
    ...chapter.told.flatMap((each) => {
      const quiet = previous === null ? 0 : seconds(previous, each.at);
      previous = each.at;
      return [
        ...asidesUntil(each.at),
        ...(quiet < GAP ? [] : [`  … ${span(quiet)} in which nothing was recorded`]),
        ...lineOf(each, began, story),
      ];
    }),
    ...left.map((each) => asideText(each, began)),
  ];
};

const overview = ({ state, responsible, chapters }: Story, began: string): string[] => {
  const { opening, phase, obligations } = state;
  const last = chapters.at(-1)?.told.at(-1)?.at ?? began;
  const kind = opening.type === 'requested' ? opening.kind : 'undeclared use';
  const owed = obligations.filter(({ ended }) => ended === null);
  return [
    `${state.case}: ${kind} of ${opening.account}, ${phase}`,
    ...(opening.type === 'requested'
      ? [
          `${responsible} asked, for ${opening.scenario}: “${opening.reason}”`,
          `  symptom “${opening.symptom}”, incident ${opening.incidentChannel}, expected ${opening.expectedMinutes} min`,
        ]
      : [
          `nobody asked; ${responsible === '' ? 'nobody has answered for it' : `${responsible} answers for it`}`,
        ]),
    `from ${when(began)}, ${span(Math.max(0, seconds(began, last)))} until the last row`,
    ...(owed.length === 0
      ? []
      : [`still owed: ${owed.map(({ kind: what, owner }) => `${what} by ${owner}`).join(', ')}`]),
  ];
};

const verification = ({ checks, chain }: Story): string[] => {
  const all = [...checks.values()];
  const count = (kind: Checked['evidence']['kind']): number =>
    all.filter(({ evidence }) => evidence.kind === kind).length;
  const parts = [
    `${count('signed')} rest on signatures that this machine verified`,
    `${count('machine')} are the process’s own word`,
    ...(count('unproven') === 0 ? [] : [`${count('unproven')} refused ones prove nothing`]),
    ...(count('withheld') === 0 ? [] : [`${count('withheld')} signatures were not shown to you`]),
  ];
  return ['', `${all.length} rows: ${parts.join(', ')}.`, chainText(chain)];
};

const chainText = (chain: Chain): string => {
  switch (chain.kind) {
    case 'followed': {
      const { rows, head, witnessed } = chain;
      const said =
        witnessed === null
          ? 'no checkpoint was given to compare with'
          : `witnessed up to row ${witnessed.size} at ${witnessed.at}`;
      return `The ledger’s chain was followed over ${rows} rows to ${head.slice(0, 16)}…; no row of the case was left out; ${said}.`;
    }
    case 'not-read':
      return `The ledger’s chain was not followed: ${chain.why}.`;
    case 'broken':
      return `THE LEDGER’S CHAIN DOES NOT HOLD: ${chain.why}.`;
  }
};

/** The whole story, ending with what was verified and what was not. */
export const tell = (story: Story): string => {
  const { state, chapters } = story;
  const began = state.opening.type === 'requested' ? state.opening.at : usedSince(state);
  const starts = chapters.map(({ told }) => told[0]?.at ?? null);
  const asides = asidesOf(story.process);
  const placeOf = (n: number): Place => {
    const until = starts[n + 1] ?? null;
    const next = until === null ? -1 : asides.findIndex(({ at }) => Date.parse(at) >= Date.parse(until));
    const before = chapters[n - 1]?.told.at(-1)?.at ?? null;
    return { began, before, until, asides: asides.splice(0, next < 0 ? asides.length : next) };
  };
  return (
    [
      ...overview(story, began),
      ...chapters.flatMap((each, n) => chapterText(each, placeOf(n), story)),
      ...verification(story),
      ...processText(story.process),
    ]
      // What people wrote must not look like a line of the story.
      .map(oneLine)
      .join('\n')
  );
};

/** What does not hold, a sentence each. */
export const faultsOf = ({ checks, chain }: Pick<Story, 'checks' | 'chain'>): string[] => [
  ...[...checks].flatMap(([seq, { evidence, isWhole }]) => [
    ...(evidence.kind === 'false' ? [`row ${seq}: ${evidence.why}`] : []),
    ...(isWhole === false ? [`row ${seq}: its hash does not cover it`] : []),
  ]),
  ...(chain.kind === 'broken' ? [chain.why] : []),
];
