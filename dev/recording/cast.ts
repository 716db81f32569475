import { z } from 'zod';

const header = z.strictObject({
  version: z.literal(2),
  width: z.int().positive(),
  height: z.int().positive(),
  title: z.string(),
});

const event = z.tuple([z.number().nonnegative(), z.literal('o'), z.string()]);

/**
 * What a terminal of some columns and rows was sent, and when, in seconds from the start: an asciicast of version 2
 * (https://docs.asciinema.org/manual/asciicast/v2/), which `asciinema play` and its player in a browser play.
 */
export interface Cast {
  readonly header: z.infer<typeof header>;
  readonly events: readonly z.infer<typeof event>[];
}

/** @throws ZodError, or SyntaxError, when a text is no asciicast with output alone */
export const readCast = (text: string): Cast => {
  const [first, ...rest] = text
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  return { header: header.parse(first), events: z.array(event).parse(rest) };
};

/** A cast as the text of its file. */
export const writeCast = ({ header: first, events }: Cast): string =>
  [first, ...events].map((line) => `${JSON.stringify(line)}\n`).join('');
