/**
 * How many letters must be added, left out, changed or swapped with their neighbour to make one word of the other:
 * the optimal string alignment distance.
 */
const distance = (one: string, other: string): number => {
  const rows: number[][] = [Array.from({ length: other.length + 1 }, (_, at) => at)];
  const cell = (row: number, column: number): number => rows[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let row = 1; row <= one.length; row += 1) {
    rows[row] = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const isSame = one[row - 1] === other[column - 1];
      const isSwapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      rows[row]?.push(
        Math.min(
          cell(row - 1, column) + 1,
          cell(row, column - 1) + 1,
          cell(row - 1, column - 1) + (isSame ? 0 : 1),
          isSwapped ? cell(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
  }
  return cell(one.length, other.length);
};

/** Longer ones are nobody's slip, and comparing them takes long. */
const longest = 64;

/**
 * The word that was probably meant: at most a third of its letters differ, one at least.
 *
 * @returns the nearest of the known words, the first of equals; null when none is near
 */
export const nearest = (written: string, known: readonly string[]): string | null => {
  if (written.length > longest) return null;
  let best: { readonly word: string; readonly away: number } | null = null;
  for (const word of known) {
    const allowed = Math.max(1, Math.floor(word.length / 3));
    if (Math.abs(word.length - written.length) > allowed) continue;
    const away = distance(written.toLowerCase(), word.toLowerCase());
    if (away <= allowed && away < (best?.away ?? Number.POSITIVE_INFINITY)) best = { word, away };
  }
  return best?.word ?? null;
};

/** “did you mean ana?”, or what there is: at most eight names. */
export const didYouMean = (written: string, known: readonly string[]): string => {
  const meant = nearest(written, known);
  if (meant !== null) return `did you mean ${meant}?`;
  const some = known.slice(0, 8).join(', ');
  return `there ${known.length === 1 ? 'is' : 'are'} ${some === '' ? 'none' : some}${known.length > 8 ? ', …' : ''}`;
};
