import type { Cast } from './cast.ts';

/** Neighbouring characters of one look: the numbers of SGR, such as `31`, in order; empty for plain ones. */
export interface Span {
  readonly text: string;
  readonly look: string;
}

/** A row as it was in the end. */
export interface Row {
  readonly spans: readonly Span[];
  /** When it was last changed, in seconds from the start. */
  readonly at: number;
}

interface Cell {
  readonly character: string;
  readonly look: string;
}

/** What switches each look off again. See ECMA-48, 8.3.117. */
const off: Readonly<Record<string, readonly string[]>> = {
  22: ['1', '2'],
  24: ['4'],
  39: ['30', '31', '32', '33', '34', '35', '36', '37', '90'],
};

const lookAfter = (look: string, given: string): string => {
  const now = new Set(look.split(' ').filter((each) => each !== ''));
  for (const code of given.split(';')) {
    if (code === '' || code === '0') now.clear();
    else if (Object.hasOwn(off, code)) for (const each of off[code] ?? []) now.delete(each);
    else now.add(code);
  }
  return [...now].toSorted().join(' ');
};

const spansOf = (cells: readonly Cell[]): Span[] => {
  const spans: { text: string; look: string }[] = [];
  for (const { character, look } of cells) {
    const last = spans.at(-1);
    if (last?.look === look) last.text += character;
    else spans.push({ text: character, look });
  }
  return spans;
};

/**
 * Every row that a terminal has shown, those that have scrolled off too, as far as our command line uses one:
 * colours, carriage return, erasing to the end of the line, wrapping at the width.
 *
 * @throws Error at any other control sequence, rather than to show what no terminal would
 */
export const rowsOf = ({ header, events }: Cast): Row[] => {
  const rows: { cells: Cell[]; at: number }[] = [{ cells: [], at: 0 }];
  let column = 0;
  let look = '';
  for (const [at, , text] of events) {
    for (const [token, sgr] of text.matchAll(/\u001b\[([\d;]*)m|\u001b\[K|\r|\n|[^\p{Cc}]|./gsu)) {
      let row = rows.at(-1);
      if (row === undefined) throw new Error('a screen without rows');
      if (sgr !== undefined) look = lookAfter(look, sgr);
      else if (token === '\r') column = 0;
      else if (token === '\n') rows.push({ cells: [], at });
      else if (token === '\u001b[K') row.cells.length = column;
      else if (/\p{Cc}/u.test(token)) throw new Error(`no such sequence is shown: ${JSON.stringify(text)}`);
      else {
        if (column === header.width) {
          row = { cells: [], at };
          rows.push(row);
          column = 0;
        }
        row.cells[column] = { character: token, look };
        row.at = at;
        column += 1;
      }
    }
  }
  return rows.map(({ cells, at }) => ({ spans: spansOf(cells), at }));
};
