/** What a running system takes up, held to what `docs/operating.md` says of it. */
import { readFile, stat } from 'node:fs/promises';
import type { Stack } from '../../../dev/stack/index.ts';
import { tableRows } from '../../../test/docs/markdown.ts';
import type { SystemPostgres } from '../../../test/support/systemPostgres.ts';
import type { Proof } from '../../figure.ts';

const megabyte = 1024 * 1024;

/** What `docs/operating.md` says to plan for, in MB. */
const plannedFor = (what: string): number => {
  const row = tableRows('docs/operating.md', 'plan for').find(([, named]) => named === what);
  const planned = Number(/^([\d.]+) MB/.exec(row?.[0] ?? '')?.[1]);
  if (Number.isNaN(planned)) throw new Error(`docs/operating.md says nothing of ${what}`);
  return planned;
};

/** What our tables and Temporal's database hold. */
export interface Held {
  readonly rows: number;
  /** Of all our tables, with their indexes. */
  readonly bytes: number;
  readonly temporalBytes: number;
}

/** Two numbers that a query of our database answers with. */
export const twoNumbers = async (postgres: SystemPostgres, query: string): Promise<[number, number]> => {
  const answer = await postgres.run('psql', '--dbname=breakglass', '--csv', '-t', '--command', query);
  const [one = Number.NaN, other = Number.NaN] = answer.trim().split(',').map(Number);
  return [one, other];
};

/** @param postgres - where our database is */
export const held = async (postgres: SystemPostgres, { servers }: Stack): Promise<Held> => {
  const [rows, bytes] = await twoNumbers(
    postgres,
    `SELECT (SELECT count(*) FROM breakglass.agent_audit_log), sum(pg_total_relation_size(oid))
       FROM pg_class WHERE relnamespace = 'breakglass'::regnamespace AND relkind = 'r'`,
  );
  const { size } = await stat(servers.temporal.databaseFile);
  return { rows, bytes, temporalBytes: size };
};

/** Reports what one case has added, and the memory of each process. */
export const reportSizes = async (
  { report }: Proof,
  stack: Stack,
  before: Held,
  after: Held,
): Promise<void> => {
  const cells = { bare: null, unit: 'MB' };
  for (const name of ['worker', 'sentinel', 'api'] as const) {
    const status = await readFile(`/proc/${stack.running.get(name)?.pid ?? 0}/status`, 'utf8');
    const value = Math.round(Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1]) / 1024);
    const most = plannedFor(`memory of the ${name}`);
    const floor = `${most} or less`;
    report({ ...cells, figure: `memory of the ${name}, most`, value, floor, ok: value <= most });
  }
  const rows = after.rows - before.rows;
  report({
    ...{ figure: 'rows in the ledger for one case', value: rows, unit: '', bare: null },
    ...{ floor: '30 to 60', ok: rows >= 30 && rows <= 60 },
  });
  const added = (after.bytes - before.bytes) / megabyte;
  const most = plannedFor('our Postgres, each case');
  const floor = `over 0, ${most} or less`;
  const ok = added > 0 && added <= most;
  report({ ...cells, figure: 'our tables grew by, in one case', value: Number(added.toFixed(2)), floor, ok });
  const history = Number(((after.temporalBytes - before.temporalBytes) / megabyte).toFixed(2));
  report({ ...cells, figure: "Temporal's database grew by", value: history, floor: null, ok: true });
};
