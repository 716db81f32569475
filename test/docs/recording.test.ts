import { describe, expect, it } from 'vitest';
import { readCast, writeCast, type Cast } from '../../dev/recording/cast.ts';
import { rowsOf } from '../../dev/recording/screen.ts';
import { story } from '../../dev/recording/story.ts';
import { drawCast } from '../../dev/recording/svg.ts';
import { linksOf, textOf } from './markdown.ts';
import { logicalLines, parse, words } from './program.ts';

const cast = readCast(textOf('docs/recording/case.cast'));
const rows = rowsOf(cast).map(({ spans }) => spans.map(({ text }) => text).join(''));

describe('the recording in the README', () => {
  it('is the one that lies beside its cast, drawn by this code', () => {
    expect(linksOf('README.md').map(({ path }) => path)).toContain('docs/recording/case.svg');
    expect(drawCast(cast)).toBe(textOf('docs/recording/case.svg'));
    expect(writeCast(cast)).toBe(textOf('docs/recording/case.cast'));
  });

  it('shows the commands of the story, each one that the program knows, and where they lead', () => {
    const typed = logicalLines(rows.map((row) => row.trimEnd())).flatMap(
      (line) => /^\w+ \$ breakglass (.*)$/.exec(line)?.[1] ?? [],
    );
    const told = story.flatMap(({ typed: { lines } }) =>
      logicalLines(lines).map((line) => line.replace(/^breakglass /, '')),
    );
    expect(typed).toEqual(told);
    expect(typed.map((line) => parse(words(line)))).toEqual([
      'request',
      'approve',
      'release',
      'open',
      'end',
      'status',
    ]);
  });

  it('shows nothing that is secret, no error, and nothing that ssh-keygen says of itself', () => {
    expect(rows.filter((row) => /SECRET|PRIVATE|otpauth|^(?:error|warning):|^Signing/.test(row))).toEqual([]);
  });
});

/** A cast of one second for each text. */
const castOf = (...texts: string[]): Cast => ({
  header: { version: 2, width: 10, height: 3, title: 'a <test>' },
  events: texts.map((text, at) => [at, 'o', text]),
});

describe('a screen', () => {
  it('keeps colours, overwrites after a carriage return, erases, wraps, and says when a row was changed', () => {
    const seen = rowsOf(castOf('\u001b[31mred\u001b[39m.\r\n', 'wait', '\r\u001b[Kdone\r\n', '0123456789ab'));
    expect(seen).toEqual([
      {
        at: 0,
        spans: [
          { text: 'red', look: '31' },
          { text: '.', look: '' },
        ],
      },
      { at: 2, spans: [{ text: 'done', look: '' }] },
      { at: 3, spans: [{ text: '0123456789', look: '' }] },
      { at: 3, spans: [{ text: 'ab', look: '' }] },
    ]);
  });

  it('refuses what it does not know, and colours that have none here', () => {
    expect(() => rowsOf(castOf('\u001b[2J'))).toThrow('no such sequence');
    expect(() => drawCast(castOf('\u001b[35mviolet'))).toThrow('no colour for 35');
  });

  it('is drawn with its rows one after another, scrolled at the end, with markup escaped', () => {
    const svg = drawCast(castOf('1<2\r\n', '2\r\n', '3\r\n', '4'));
    expect(svg).toContain('a &lt;test&gt;');
    expect(svg).toContain('1&lt;2');
    expect(svg).toContain('.up{animation-name:up;transform:translateY(-20px)}');
    expect(
      [...svg.matchAll(/@keyframes k\d\{0%\{visibility:hidden\}([\d.]+)%/g)].map(([, at]) => Number(at)),
    ).toEqual([0, 9.09, 18.18, 27.27]);
  });
});
