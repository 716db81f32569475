import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { configJsonSchema } from '../../../core/contracts/configSchema.ts';
import { fillPlaceholders } from '../../support/placeholders.ts';

const published = new URL('../../../docs/config.schema.json', import.meta.url);
const examples = ['examples/acme/config.yaml', 'docs/examples/aws-root.yaml'].map(
  (name) => new URL(`../../../${name}`, import.meta.url),
);
const textOf = (url: URL): string => readFileSync(url, 'utf8');

describe('the published JSON Schema of the config', () => {
  it('is that of the contract', async () => {
    const file = fileURLToPath(published);
    const style = await resolveConfig(file);
    const text = await format(JSON.stringify(configJsonSchema()), { ...style, filepath: file });
    await expect(text).toMatchFileSnapshot(file);
  });

  it.each(examples)('is what the first line of %s points to', (example) => {
    const [first = ''] = textOf(example).split('\n');
    const named = /^# yaml-language-server: \$schema=(\S+)$/.exec(first)?.[1] ?? '';
    expect(new URL(named, example).href).toBe(published.href);
  });

  const takes = (yaml: string): boolean =>
    z
      .fromJSONSchema(JSON.parse(textOf(published)) as Parameters<typeof z.fromJSONSchema>[0])
      .safeParse(parse(yaml)).success;

  it.each(examples)('takes %s, keys filled in', (example) => {
    expect(takes(fillPlaceholders(textOf(example)))).toBe(true);
  });

  it.each([
    ['an unknown setting', 'organisation: Acme', 'organisation: Acme\nowner: omar'],
    ['a setting of another kind', 'longestSessionMinutes: 60', 'longestSessionMinutes: an hour'],
    ['a kind there is not', 'kind: kratos', 'kind: kratoss'],
    ['a role there is not', 'role: senior', 'role: seniour'],
    ['a threshold of one', 'threshold: 2', 'threshold: 1'],
  ])('refuses %s', (_, right, wrong) => {
    const yaml = fillPlaceholders(textOf(examples[0] ?? published)).replace(right, wrong);
    expect(takes(yaml)).toBe(false);
  });
});
