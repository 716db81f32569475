import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { expect, it } from 'vitest';
import { ways } from '../../dev/setUp/failures.ts';
import { root, textOf } from './markdown.ts';

const marker = '<!-- from here on made from dev/setUp/failures.ts: npm test -- test/docs -u -->';

/** What is filled in stands in capitals: angle brackets would be markup. */
const shown = (text: string): string =>
  text.replaceAll(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase()).replaceAll('|', String.raw`\|`);

it('the table of ways in which the set-up fails is what the program says', async () => {
  const [head = ''] = textOf('docs/installing.md').split(marker);
  const rows = Object.values(ways).map(
    ({ what, remedy, exit }) => `| \`${shown(what)}\` | ${shown(remedy)} | \`${exit}\` |`,
  );
  const table = ['| line | remedy | exit code |', '| --- | --- | --- |', ...rows].join('\n');
  const file = join(root, 'docs/installing.md');
  const style = await resolveConfig(file);
  const text = await format([head.trimEnd(), marker, table].join('\n\n'), { ...style, filepath: file });
  await expect(text).toMatchFileSnapshot(file);
});
