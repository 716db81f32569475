/** What a checker says of a run. */
export interface Verdict {
  readonly wrong: readonly string[];
  /** How many things it held against what they should be: one that looked at nothing finds nothing wrong. */
  readonly looked: number;
}
