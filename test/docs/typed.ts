/** Every command that a document tells somebody to type. */
import { documents, blocksOf } from './markdown.ts';
import { logicalLines } from './program.ts';

export interface Typed {
  readonly document: string;
  /** As it stands, without a comment behind it. */
  readonly text: string;
}

const isShell = (info: string): boolean => ['sh', 'sh run', 'bash', 'shell'].includes(info);

const commandsIn = (info: string, lines: readonly string[]): string[] => {
  const typed = logicalLines(lines).filter((line) =>
    info === 'console' ? line.startsWith('$ ') : isShell(info) && !line.startsWith('#'),
  );
  return typed.map((line) => line.replace(/^\$ /, '').replace(/\s{2,}#\s.*$|\s#\s.*$/, ''));
};

/** In the order of the documents; one that stands twice in a document is there twice. */
export const typed: readonly Typed[] = documents.flatMap((document) =>
  blocksOf(document).flatMap(({ info, lines }) =>
    commandsIn(info, lines).map((text) => ({ document, text })),
  ),
);
