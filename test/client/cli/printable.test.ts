import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lines, oneLine, safeJson, table, when } from '../../../client/cli/printable.ts';

const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\u001b[2Jgone', 'a\u202eb', 'x\u0000', 'a\nb', '\u009b31m', 'tag\u{e0041}', '\ud800'),
);

describe('text of other people', () => {
  it('is one line without anything that steers a terminal', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(oneLine(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/u);
      }),
    );
  });

  it('keeps its line breaks only where they are asked for', () => {
    expect(lines('a\nb\u001b[0m')).toBe('a\nb\\u{001b}[0m');
    expect(oneLine('a\nb')).toBe('a\\u{000a}b');
  });

  it('stays the same value as JSON', () => {
    fc.assert(
      fc.property(fc.record({ text: hostile }), (value) => {
        const json = safeJson(value);
        expect(JSON.parse(json)).toEqual(value);
        expect(json.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}]/u);
      }),
    );
  });

  it('cannot break out of its row of a table', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(hostile, hostile), { minLength: 1 }), (rows) => {
        expect(table(rows).split('\n')).toHaveLength(rows.length);
      }),
    );
  });
});

describe('an instant', () => {
  it('is said in UTC, and in the local time where that differs', () => {
    expect(when('2026-11-21T14:03:22.000Z', 'UTC')).toBe('2026-11-21 14:03:22 UTC');
    expect(when('2026-07-21T14:03:22.000Z', 'Europe/Berlin')).toBe('2026-07-21 14:03:22 UTC (16:03 CEST)');
  });
});
