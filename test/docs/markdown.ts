/** The project's documents, as text that tests can ask about. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Where documents lie; each room's own README too. */
const places = ['docs', 'adapters', 'activities', 'api', 'bench', 'client', 'core', 'dev', 'sentinel'];
const alone = ['README.md', 'CONTRIBUTING.md', 'worker/README.md', 'workflows/README.md'];

/** Every document, as a path from the root. */
export const documents: readonly string[] = [
  ...alone,
  ...places.flatMap((place) =>
    readdirSync(join(root, place), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(place, name)),
  ),
];

export const textOf = (document: string): string => readFileSync(join(root, document), 'utf8');

/** A fenced block. */
export interface Block {
  readonly document: string;
  /** The line of its fence, from 1. */
  readonly line: number;
  /** What stands behind the fence: `sh`, `sh run`. */
  readonly info: string;
  readonly lines: readonly string[];
}

export const blocksOf = (document: string): Block[] => {
  const lines = textOf(document).split('\n');
  const fences = lines.flatMap((line, at) => (/^ *```/.test(line) ? [at] : []));
  return fences.flatMap((open, n) => {
    const close = fences[n + 1];
    if (n % 2 === 1 || close === undefined) return [];
    const [, indent = '', info = ''] = /^( *)```(.*)$/.exec(lines[open] ?? '') ?? [];
    const inside = lines.slice(open + 1, close);
    // A block in a list is indented as a whole.
    return [
      { document, line: open + 1, info: info.trim(), lines: inside.map((line) => line.slice(indent.length)) },
    ];
  });
};

/** A document without its fenced blocks. */
export const proseOf = (document: string): string =>
  textOf(document).replaceAll(/^ *```[\s\S]*?^ *```/gm, '');

/** What stands in backquotes. */
export const codeIn = (text: string): string[] =>
  [...text.matchAll(/`([^`\n]+)`/g)].flatMap(([, code]) => (code === undefined ? [] : [code]));

/** Links to files of the project, from the root, each with its fragment. */
export const linksOf = (document: string): { readonly path: string; readonly fragment: string | null }[] =>
  [...proseOf(document).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [path = '', fragment = null] = target.split('#');
    const there = path === '' ? document : relative(root, join(root, dirname(document), path));
    return [{ path: there, fragment }];
  });

/** The names GitHub gives a document's headings. */
export const anchorsOf = (document: string): string[] =>
  [...proseOf(document).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

/** The cells of every table's rows whose first cell is code; a table of another heading is left out. */
export const tableRows = (document: string, heading: string): string[][] => {
  const lines = proseOf(document).split('\n');
  const rows: string[][] = [];
  let isInside = false;
  for (const line of lines) {
    const cells = line.startsWith('|')
      ? line
          .split(/(?<!\\)\|/)
          .slice(1, -1)
          .map((cell) => cell.trim().replaceAll('\\|', '|'))
      : null;
    if (cells === null) isInside = false;
    else if (cells[0] === heading) isInside = true;
    else if (isInside && !/^[-:]+$/.test(cells[0] ?? '')) rows.push(cells);
  }
  return rows;
};
