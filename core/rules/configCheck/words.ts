/** Words that say nothing about a place. */
const empty = new Set(['a', 'an', 'the', 'in', 'of', 'our', 'at', 'behind', 'with', 'by', 's']);

/** What a text says of a place, for comparing: its words in lower case, without articles and the like. */
export const wordsOf = (text: string): string[] =>
  (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).filter((word) => !empty.has(word));

/** Whether words stand in others, one after another and in their order; no words stand nowhere. */
export const isWithin = (some: readonly string[], others: readonly string[]): boolean =>
  some.length > 0 && others.some((_, start) => some.every((word, offset) => others[start + offset] === word));
