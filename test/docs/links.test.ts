import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { anchorsOf, codeIn, documents, linksOf, proseOf, root, textOf } from './markdown.ts';

const rooms = readdirSync(root, { withFileTypes: true })
  .filter((each) => each.isDirectory() && !['dist', 'node_modules'].includes(each.name))
  .map(({ name }) => name)
  .filter((name) => !name.startsWith('.'));
/** What reads like a path of this repository: it begins with a room and goes on. */
const pathLike = new RegExp(`^(?:${rooms.join('|')})/[\\w./-]+$`);

describe('documents', () => {
  it('are found at all', () => {
    expect(documents).toContain('README.md');
    expect(documents).toContain('docs/security/threat-model.md');
    expect(documents.length).toBeGreaterThan(20);
  });

  it.each(documents)('%s: every link leads to a file, and to a heading in it', (document) => {
    const broken = linksOf(document).filter(({ path, fragment }) => {
      if (!existsSync(join(root, path))) return true;
      return fragment !== null && !anchorsOf(path).includes(fragment);
    });
    expect(broken).toEqual([]);
  });

  it.each(documents)('%s: every path it names exists', (document) => {
    const named = codeIn(proseOf(document)).filter((code) => pathLike.test(code));
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('notice a link, a heading and a path that are not there', () => {
    expect(anchorsOf('docs/cli.md')).toContain('exit-codes');
    expect(anchorsOf('docs/cli.md')).not.toContain('exit-code');
    expect(pathLike.test('core/rules/nothing.ts')).toBe(true);
    expect(existsSync(join(root, 'core/rules/nothing.ts'))).toBe(false);
  });
});

describe('what is promised', () => {
  const promises = textOf('docs/promises.md');
  const named = [...promises.matchAll(/^- `(test\/[\w./-]+)`: “(.+)”$/gm)].map(
    ([, file = '', title = '']) => ({
      file,
      title,
    }),
  );

  it('names tests for each of the eight', () => {
    const sections = promises.split(/^## /m).slice(1);
    const numbered = sections.filter((section) => /^\d\. /.test(section));
    expect(numbered).toHaveLength(8);
    for (const section of numbered) {
      expect(section).toContain('**Held today.**');
      expect(section).toContain('**Not covered.**');
    }
    expect(named.length).toBeGreaterThan(20);
  });

  it.each(named)('$file has the test “$title”', ({ file, title }) => {
    const source = readFileSync(join(root, file), 'utf8').replaceAll("\\'", "'");
    const quoted = ["'", '`', '"'].some((quote) => source.includes(`${quote}${title}${quote}`));
    expect(quoted).toBe(true);
  });
});
