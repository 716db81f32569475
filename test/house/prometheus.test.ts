import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { createApiMetrics } from '../../api/metrics.ts';
import { createSentinelMetrics } from '../../sentinel/metrics.ts';
import { createWorkerMetrics } from '../../worker/metrics/index.ts';
import { createLedgerMetrics } from '../../worker/metrics/ledger.ts';
import { codeIn, root, tableRows } from '../docs/markdown.ts';
import { dashboard, namesIn, rules, toldIn, untold } from '../support/prometheus.ts';

/** The names that our processes expose; Temporal's own are seen on a real worker only (`test/whole`). */
const exposed = async (): Promise<ReadonlySet<string>> => {
  const ledger = createLedgerMetrics({ rowsAfter: () => Promise.resolve([]) }, () => Promise.resolve([]));
  const state = { isSpoolWritable: true, pending: 0, oldest: null, sweptAt: null };
  const now = new Date();
  const texts = await Promise.all([
    createWorkerMetrics(ledger).expose(now),
    createSentinelMetrics(now.toISOString()).expose(state, now),
    createApiMetrics().expose(),
  ]);
  return toldIn(texts.join('\n'));
};

describe('alert rules and dashboard', () => {
  it('ask for metrics that our processes expose, and for no other', async () => {
    const told = await exposed();
    const strange = untold(told).filter((name) => !name.startsWith('temporal_'));
    expect(strange).toEqual([]);
    const renamed = new Set([...told].filter((name) => name !== 'breakglass_alarm_seconds'));
    expect(untold(renamed)).toContain('breakglass_alarm_seconds_bucket');
  });

  it('say nothing that cannot be asked: each has a metric, and brackets that close', () => {
    for (const { expr, where } of [...rules(), ...dashboard()]) {
      expect([where, namesIn(expr).length > 0]).toEqual([where, true]);
      for (const [open = '', close = ''] of ['()', '{}', '[]'])
        expect([where, expr.split(open).length]).toEqual([where, expr.split(close).length]);
    }
  });

  it('tell what to do with each alert', () => {
    for (const { where, severity, says, remedy } of rules()) {
      expect([where, ['page', 'warn'].includes(severity)]).toEqual([where, true]);
      expect(says.length).toBeGreaterThan(10);
      expect(remedy.length).toBeGreaterThan(10);
    }
    const names = rules().map(({ where }) => where);
    expect(new Set(names).size).toBe(names.length);
  });
});

/** Prometheus's own tool, where it is. */
const promtool = (...args: string[]): SpawnSyncReturns<string> =>
  spawnSync('promtool', args, { cwd: root, encoding: 'utf8' });
const isMissing = promtool('--version').error !== undefined;

describe('promtool', () => {
  it.for([
    ['check', 'rules', 'deploy/prometheus/alerts.yaml'],
    ['test', 'rules', 'test/house/alerts.promtool.yaml'],
  ])('%s %s %s', (args, context) => {
    if (isMissing) context.skip('promtool is not on this machine (apt-get install prometheus)');
    const { status, stdout, stderr } = promtool(...args);
    expect({ status, said: stdout + stderr }).toMatchObject({ status: 0 });
  });
});

describe('docs/metrics.md', () => {
  it('names every metric of ours and no other', async () => {
    const named = tableRows('docs/metrics.md', 'metric').flatMap(([name = '']) => codeIn(name));
    const ours = [...(await exposed())].filter((name) => name.startsWith('breakglass_'));
    expect(named.filter((name) => name.startsWith('breakglass_')).toSorted()).toEqual(ours.toSorted());
  });
});

describe('the example of a prometheus.yml', () => {
  it('names the jobs that the rules go by', () => {
    const text = readFileSync(join(root, 'docs/metrics.md'), 'utf8');
    const yaml = /```yaml\n([^`]*)```/.exec(text)?.[1] ?? '';
    const jobs = z.object({ scrape_configs: z.array(z.object({ job_name: z.string() })) }).parse(parse(yaml));
    expect(jobs.scrape_configs.map((each) => each.job_name)).toEqual(
      ['worker', 'sentinel', 'api'].map((each) => `breakglass-${each}`),
    );
  });
});
