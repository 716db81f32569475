/** Cases on a real Temporal, and what its own command line, which has no key of ours, shows of them. */
import { decode } from '@temporalio/common/lib/encoding.js';
import { z } from 'zod';
import { isForConsole } from '../../core/contracts/consoleText.ts';
import { accountOf, caseIdOf, quarterOfCase, type CaseId } from '../../core/contracts/ids.ts';
import { searchAttributes, taskQueue, type CaseInput } from '../../core/contracts/temporal.ts';
import { runCommand } from '../../dev/command.ts';
import { temporalBinary } from '../../dev/fetch/temporal.ts';
import { blocksOf } from '../docs/markdown.ts';
import { logicalLines, words } from '../docs/program.ts';
import { createHarness, manyEvents, type Harness } from './harness.ts';
import { ask, endAndRotate, eventually, openUp, provision } from './steps.ts';

/** A line of docs/temporal.md that begins with `temporal`. */
export interface DocumentedQuery {
  /** The comment above it. */
  readonly says: string;
  readonly args: readonly string[];
}

export interface Visible {
  readonly h: Harness;
  /** Of this quarter: one whose session log is overdue, one open and in time, one denied. */
  readonly overdue: CaseId;
  readonly open: CaseId;
  readonly denied: CaseId;
  /** Overdue too, of the quarter before. */
  readonly earlier: CaseId;
  /** This quarter. */
  readonly quarter: string;
  /** Runs Temporal's command line; gives what it printed. */
  temporal(args: readonly string[]): Promise<string>;
  /** The ids that a documented list finds, sorted. */
  found(query: DocumentedQuery): Promise<string[]>;
  stop(): Promise<void>;
}

const document = 'docs/temporal.md';
const documentedQuarter = '2026-Q4';
const documentedCase = 'case/acme-eu/2026-11-21-01';

/** Every command of Temporal's that the document names. */
export const documentedQueries = (): DocumentedQuery[] =>
  blocksOf(document)
    .filter(({ info }) => info === 'sh')
    .flatMap(({ lines }) => {
      const all = logicalLines([...lines]);
      return all.flatMap((line, at) =>
        line.startsWith('temporal ')
          ? [{ says: (all[at - 1] ?? '').replace(/^# /, ''), args: words(line).slice(1) }]
          : [],
      );
    });

const listed = z.array(z.object({ execution: z.object({ workflowId: z.string() }) }));

/** A case of another quarter, as that quarter would have left it: the ledger has no row of it. */
const startEarlier = async (h: Harness, quarter: string): Promise<CaseId> => {
  const id = caseIdOf(h.account, '2026-01-02', 1);
  await h.client.raw.workflow.start('breakGlassCase', {
    ...{ workflowId: id, taskQueue, args: [{ case: id, account: accountOf(id) } satisfies CaseInput] },
    typedSearchAttributes: [
      { key: searchAttributes.account, value: h.account },
      { key: searchAttributes.quarter, value: quarter },
      { key: searchAttributes.overdue, value: true },
    ],
  });
  return id;
};

/** Plays the cases. */
export const playVisible = async (): Promise<Visible> => {
  const h = await createHarness(manyEvents);
  const program = await temporalBinary(() => undefined);
  const temporal: Visible['temporal'] = (args) =>
    runCommand(program, [...args, '--address', h.env.address], {
      timeoutMs: 60_000,
      env: { PATH: process.env['PATH'], HOME: h.org.folder },
    });
  try {
    // The session log is owed for a second; the post-mortem and the attestations for as long as nobody waits here.
    await h.putInForce((data) => (data.deadlines = { sessionLog: 1 }));
    await provision(h);
    const denied = await ask(h);
    await h.toCase(denied, 'bob', { type: 'denial', role: 'senior', reason: 'not now' });
    const { id: overdue } = await openUp(h);
    await endAndRotate(h, overdue);
    await eventually('the session log is overdue', () =>
      h.caseState(overdue).obligations.some((each) => each.kind === 'session-log' && each.escalated),
    );
    const open = await ask(h);
    const quarter = quarterOfCase(overdue);
    const earlier = await startEarlier(h, '2025-Q4');
    const found: Visible['found'] = async ({ args }) => {
      const asked = args.map((each) =>
        each.replaceAll(documentedQuarter, quarter).replaceAll(documentedCase, overdue),
      );
      const printed = await temporal([...asked, '--output', 'json']);
      return listed
        .parse(JSON.parse(printed === '' ? '[]' : printed))
        .map((each) => each.execution.workflowId)
        .toSorted();
    };
    return { ...{ h, overdue, open, denied, earlier, quarter, temporal, found }, stop: () => h.stop() };
  } catch (error) {
    await h.stop();
    throw error;
  }
};

/** The list of what is overdue this quarter, as the document has it; asked again until Temporal's index has caught up. */
export const overdueOfQuarter = async (it: Visible): Promise<string[]> => {
  const query = documentedQueries().find(({ args }) => args.join(' ').includes('BreakglassOverdue'));
  if (query === undefined) throw new Error(`${document} does not say how to find what is overdue`);
  let ids: string[] = [];
  for (let tries = 0; tries < 40 && !ids.includes(it.overdue); tries += 1) {
    ids = await it.found(query);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return ids;
};

const payload = z.object({
  metadata: z.object({ encoding: z.instanceof(Uint8Array) }),
  data: z.instanceof(Uint8Array),
});

/** The summaries in a workflow's history, as anybody sees them; those that are encrypted, or not made for it, are wrong. */
export const summariesOf = async (
  { h }: Visible,
  id: string,
): Promise<{ readonly seen: string[]; readonly wrong: string[] }> => {
  const { events } = await h.client.raw.workflow.getHandle(id).fetchHistory();
  const summaries = (events ?? []).flatMap(({ userMetadata }) => {
    const parsed = payload.safeParse(userMetadata?.summary);
    return parsed.success ? [parsed.data] : [];
  });
  const texts = summaries.map(({ metadata, data }) =>
    decode(metadata.encoding) === 'json/plain' ? z.string().parse(JSON.parse(decode(data))) : 'encrypted',
  );
  return { seen: texts.filter(isForConsole), wrong: texts.filter((each) => !isForConsole(each)) };
};
