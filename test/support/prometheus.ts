/** The alert rules and the dashboard, taken apart. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Ports } from '../../dev/stack/servers.ts';
import { root } from '../docs/markdown.ts';

export interface Asked {
  /** The alert's name, or the panel's. */
  readonly where: string;
  readonly expr: string;
}

const ruleFile = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string(),
          expr: z.string(),
          for: z
            .string()
            .regex(/^\d+[smhd]$/)
            .optional(),
          labels: z.strictObject({ severity: z.string() }),
          annotations: z.strictObject({ summary: z.string(), do: z.string() }),
        }),
      ),
    }),
  ),
});

/** @see https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/ */
export const rules = (): (Asked & {
  readonly severity: string;
  readonly says: string;
  readonly remedy: string;
})[] =>
  ruleFile
    .parse(parse(readFileSync(join(root, 'deploy/prometheus/alerts.yaml'), 'utf8')))
    .groups.flatMap((group) =>
      group.rules.map(({ alert, expr, labels, annotations }) => ({
        ...{ where: alert, expr, severity: labels.severity, says: annotations.summary },
        remedy: annotations.do,
      })),
    );

const dashboardFile = z.object({
  panels: z
    .array(z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })).min(1) }))
    .min(1),
});

export const dashboard = (): Asked[] =>
  dashboardFile
    .parse(JSON.parse(readFileSync(join(root, 'deploy/grafana/breakglass.json'), 'utf8')))
    .panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ where: title, expr })));

/** The metrics that an expression asks for: what is left once strings, labels and functions are taken away. */
export const namesIn = (expr: string): string[] =>
  [
    ...expr
      .replaceAll(/"[^"]*"/g, '')
      .replaceAll(/\{[^}]*\}/g, '')
      .matchAll(/\b(?:up|(?:breakglass|temporal|process|nodejs)_[a-z0-9_]+)\b/g),
  ].map(([name]) => name);

/** The metrics that a text tells, by name; a histogram by its family's. */
export const toldIn = (text: string): ReadonlySet<string> =>
  new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name));

/** What rules and dashboard ask for and is not among these; `up` is Prometheus's own. */
export const untold = (told: ReadonlySet<string>): string[] =>
  [...new Set([...rules(), ...dashboard()].flatMap(({ expr }) => namesIn(expr)))].filter(
    (name) => name !== 'up' && !told.has(name) && !told.has(name.replace(/_(?:bucket|sum|count)$/, '')),
  );

/** What every endpoint of a stack tells, as one text. */
export const scrape = async (ports: Ports): Promise<string> => {
  const { workerMetrics, temporalMetrics, sentinelMetrics, apiMetrics } = ports;
  const texts = [workerMetrics, temporalMetrics, sentinelMetrics, apiMetrics].map(async (port) => {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(10_000) });
    if (!answer.ok) throw new Error(`port ${port} answered ${answer.status}`);
    return answer.text();
  });
  return (await Promise.all(texts)).join('\n');
};
