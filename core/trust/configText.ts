/** A config's text as a tree that knows where everything stands, and what was probably meant. */
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, type Document } from 'yaml';
import type { Pair, YAMLError } from 'yaml';

/** Where something stands: line and column count from 1, `path` reads `accounts.acme-eu.custody`. */
export interface Place {
  readonly line: number;
  readonly column: number;
  readonly path: string;
}

export type Path = readonly PropertyKey[];

/** What makes the text no readable YAML, and where. */
export interface TextFault extends Place {
  readonly message: string;
  readonly instead: string;
}

export interface ConfigText {
  /** In the order of the lines. */
  readonly faults: readonly TextFault[];
  /** Whether the tree can be relied on all the same: only names are written twice. */
  readonly isReadable: boolean;
  /** The tree as plain data; null when it is too large to be unfolded. */
  plain(): unknown;
  /** Where a path stands: its key, its place in a list, or the nearest thing around it. */
  place(path: Path): Place;
  /** Reads a setting on as if it had the name that was meant. */
  rename(path: Path, name: string): void;
  /** Reads a value on as if it were the one that was meant. */
  replace(path: Path, value: string): void;
}

const spell = (path: Path): string =>
  path.reduce<string>(
    (text, step) =>
      typeof step === 'number' ? `${text}[${step}]` : `${text}${text === '' ? '' : '.'}${String(step)}`,
    '',
  );

const startOf = (node: unknown): number | undefined => (isNode(node) ? node.range?.[0] : undefined);

/** The last one of a name counts, as in what `toJS` gives. */
const pairOf = (node: unknown, step: PropertyKey | undefined): Pair | undefined =>
  isMap(node)
    ? node.items.findLast((each) => isScalar(each.key) && String(each.key.value) === step)
    : undefined;

/** The nodes along a path, aliases followed, as far as there are any. */
const walk = (document: Document.Parsed, path: Path): { readonly offset: number; readonly node: unknown } => {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const step of path) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = pairOf(node, step);
      offset = startOf(pair?.key) ?? offset;
      node = pair?.value;
    } else {
      node = isSeq(node) && typeof step === 'number' ? node.items[step] : undefined;
      offset = startOf(node) ?? offset;
    }
  }
  return { offset, node: isAlias(node) ? node.resolve(document) : node };
};

const isTwice = ({ code }: YAMLError): boolean => code === 'DUPLICATE_KEY';

/**
 * Reads YAML 1.2 as one document.
 *
 * @param yaml - well-formed Unicode
 */
export function readText(yaml: string): ConfigText {
  const lines = new LineCounter();
  const document = parseDocument(yaml, { lineCounter: lines, version: '1.2', prettyErrors: false });
  const wrong = [...document.errors, ...document.warnings];
  const at = (offset: number, path: Path): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col), path: spell(path) };
  };
  return {
    faults: wrong.map((fault) => ({
      ...at(fault.pos[0], []),
      ...(isTwice(fault)
        ? { message: 'this name is written twice here', instead: 'keep one: names must be unique' }
        : { message: fault.message, instead: 'mend this first: the rest can be read only then' }),
    })),
    isReadable: wrong.every(isTwice),
    plain: () => {
      try {
        const plain: unknown = document.toJS();
        return plain;
      } catch {
        // Too many aliases: the schema then refuses what is no object.
        return null;
      }
    },
    place: (path) => at(walk(document, path).offset, path),
    rename: (path, name) => {
      const pair = pairOf(walk(document, path.slice(0, -1)).node, path.at(-1));
      if (pair !== undefined && isScalar(pair.key)) pair.key.value = name;
    },
    replace: (path, value) => {
      const { node } = walk(document, path);
      if (isScalar(node)) node.value = value;
    },
  };
}
