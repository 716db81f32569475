import type { Cast } from './cast.ts';
import { rowsOf, type Span } from './screen.ts';

/** Sizes in pixels; a cell is as wide as the widest of the usual fonts has it at this size. */
const size = { font: 14, cell: 8.7, row: 20, edge: 16 } as const;

/** How long the end stands before it begins again, in seconds. */
const rest = 8;

/** By SGR's numbers; each on the dark ground at a contrast of 4.5 or more. */
const looks: Readonly<Record<string, string>> = {
  1: 'font-weight:bold',
  2: 'fill:#9aa7b4',
  31: 'fill:#ff8f88',
  32: 'fill:#7ee787',
  33: 'fill:#e3b341',
  36: 'fill:#76d9e6',
};

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const spanOf = ({ text, look }: Span): string => {
  if (look === '') return escaped(text);
  const classes = look.split(' ').map((code) => `c${code}`);
  return `<tspan class="${classes.join(' ')}">${escaped(text)}</tspan>`;
};

const percent = (at: number, whole: number): string => `${Number(((at / whole) * 100).toFixed(2))}%`;

/**
 * A cast as a picture that moves by itself, with text that can be selected: rows appear when they were last changed,
 * and the window follows. It goes round for ever; without animation, or where less of it is asked for, it shows the end.
 *
 * @throws Error when the cast shows what this cannot draw
 */
export const drawCast = (cast: Cast): string => {
  const { width, height, title } = cast.header;
  const rows = rowsOf(cast);
  const strange = rows
    .flatMap(({ spans }) => spans.flatMap(({ look }) => look.split(' ')))
    .find((code) => code !== '' && looks[code] === undefined);
  if (strange !== undefined) throw new Error(`no colour for ${strange}`);
  const whole = (cast.events.at(-1)?.[0] ?? 0) + rest;
  const moments = [...new Set(rows.map(({ at }) => at))].toSorted((one, other) => one - other);
  const style: string[] = Object.entries(looks).map(([code, css]) => `.c${code}{${css}}`);
  const shown: string[] = [];
  const scrolled: string[] = [];
  const up = (last: number): string => `translateY(${-Math.max(0, last + 1 - height) * size.row}px)`;
  let last = 0;
  for (const [n, at] of moments.entries()) {
    const texts = rows.flatMap(({ at: changed, spans }, row) => {
      if (changed !== at) return [];
      last = Math.max(last, row);
      return `<text y="${(row + 1) * size.row - 5}">${spans.map(spanOf).join('')}</text>`;
    });
    style.push(`@keyframes k${n}{0%{visibility:hidden}${percent(at, whole)},to{visibility:visible}}`);
    shown.push(`<g style="animation-name:k${n}">${texts.join('')}</g>`);
    scrolled.push(`${percent(at, whole)}{transform:${up(last)}}`);
  }
  style.push(`@keyframes up{0%{transform:none}${scrolled.join('')}to{transform:${up(last)}}}`);
  const [wide, high] = [Math.ceil(width * size.cell), height * size.row];
  const [w, h] = [wide + 2 * size.edge, high + 2 * size.edge];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" role="img" aria-labelledby="title">
<title id="title">${escaped(title)}</title>
<style>
text{font:${size.font}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#e6edf3;white-space:pre}
g{animation:${Number(whole.toFixed(2))}s step-end infinite}
.up{animation-name:up;transform:${up(last)}}
@media(prefers-reduced-motion:reduce){g{animation:none}}
${style.join('\n')}
</style>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<svg x="${size.edge}" y="${size.edge}" width="${wide}" height="${high}">
<g class="up">
${shown.join('\n')}
</g>
</svg>
</svg>
`;
};
