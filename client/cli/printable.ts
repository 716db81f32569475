/** Text of other people and of servers, made safe to show. */

/**
 * Control, format and separator characters: terminal escapes move the cursor over what stands there, and
 * direction marks make a text read as another one (CVE-2021-42574).
 */
const unsafe = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu;

const escaped = (character: string): string =>
  `\\u{${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}}`;

/** One line, whatever the text holds. */
export const oneLine = (text: string): string => text.replace(unsafe, escaped);

/** Keeps line breaks, escapes every other unsafe character. */
export const lines = (text: string): string =>
  text.replace(unsafe, (character) => (character === '\n' ? '\n' : escaped(character)));

/** JSON with unsafe characters as JSON escapes. @param indent - 0 for one line */
export const safeJson = (value: unknown, indent = 2): string =>
  JSON.stringify(value, null, indent).replace(unsafe, (character) =>
    character === '\n'
      ? '\n'
      : [...Array(character.length).keys()]
          .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
          .join(''),
  );

/**
 * An instant in UTC, and in this machine's own time where that differs.
 *
 * @param zone - by default this machine's
 */
export const when = (instant: string, zone?: string): string => {
  const date = new Date(instant);
  const utc = `${instant.slice(0, 10)} ${instant.slice(11, 19)} UTC`;
  const inZone = (parts: Intl.DateTimeFormatOptions): string =>
    new Intl.DateTimeFormat('en-GB', { ...parts, ...(zone === undefined ? {} : { timeZone: zone }) }).format(
      date,
    );
  const local = inZone({ hour: '2-digit', minute: '2-digit', timeZoneName: 'short' });
  if (local.endsWith(' UTC')) return utc;
  // Around midnight it is another day for the reader than for the ledger.
  const isOtherDay = Number(inZone({ day: 'numeric' })) !== date.getUTCDate();
  const day = isOtherDay ? `${inZone({ weekday: 'short', day: 'numeric', month: 'short' })} ` : '';
  return `${utc} (${day}${local})`;
};

/** Columns of text, two blanks between them; no trailing blanks. */
export const table = (rows: readonly (readonly string[])[]): string => {
  const clean = rows.map((row) => row.map(oneLine));
  const widths = clean.reduce<number[]>(
    (most, row) => row.map((cell, column) => Math.max(cell.length, most[column] ?? 0)),
    [],
  );
  return clean
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};
