/** The faulty config and its marks: which line holds which fault, counted in the text itself. */
import { readFileSync } from 'node:fs';
import { fillPlaceholders } from '../../../support/placeholders.ts';

export interface Mark {
  readonly fault: string;
  /** From 1. */
  readonly line: number;
}

interface Line {
  readonly text: string;
  readonly mark: { readonly fault: string; readonly right: string } | null;
}

const lines: readonly Line[] = readFileSync(new URL('faults.yaml', import.meta.url), 'utf8')
  .split('\n')
  .map((whole) => {
    const found = /^(?<text>.*?) # FAULT (?<fault>\S+) ->(?<right>.*)$/.exec(whole)?.groups;
    const { text = whole, fault, right = '' } = found ?? {};
    return { text, mark: fault === undefined ? null : { fault, right: right.trim() } };
  });

/** The names of the faults, in the order of their lines. */
export const faults: readonly string[] = lines.flatMap(({ mark }) => mark?.fault ?? []);

/**
 * The config with some of its faults, the others mended.
 *
 * @param wanted - which faults stay
 * @param before - empty lines at its head, by which every number moves
 */
export const withFaults = (
  wanted: readonly string[],
  before = 0,
): { readonly yaml: string; readonly marks: readonly Mark[] } => {
  const marks: Mark[] = [];
  const kept = Array<string>(before).fill('');
  for (const { text, mark } of lines) {
    if (mark === null) kept.push(text);
    else if (wanted.includes(mark.fault)) {
      kept.push(text);
      marks.push({ fault: mark.fault, line: kept.length });
    } else if (mark.right !== '') kept.push(`${/^ */.exec(text)?.[0] ?? ''}${mark.right}`);
  }
  return { yaml: fillPlaceholders(kept.join('\n')), marks };
};
