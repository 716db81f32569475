/** Types documented commands into a shell, as the document's reader, and keeps account of how each ended. */
import { typed, type Typed } from '../../../../test/docs/typed.ts';
import type { Ground, Trying } from '../tries.ts';

/** How one is typed. */
export interface Typing {
  /** Begins the command; it is the first such of its document that was not typed yet. */
  readonly starts: string;
  /** BREAKGLASS_HOME. */
  readonly home: string;
  /** What the document says it ends with; 0 when left out. */
  readonly exit?: number;
  /** On a terminal: what is asked, and what is answered. Nothing to answer, but a terminal: an empty list. */
  readonly answers?: readonly (readonly [asked: RegExp, keys: string])[];
  /** The folder; the desk when left out. */
  readonly at?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** How one ended. */
export interface Ended extends Typed {
  readonly wanted: number;
  readonly exit: number;
  readonly output: string;
}

export interface Typist {
  /** The folder in which everybody types. */
  readonly desk: string;
  readonly ended: readonly Ended[];
  /** Those that were not typed. */
  readonly left: () => readonly Typed[];
  /** What a document's names and addresses are in this house; longer ones first. */
  readonly means: Map<string, string>;
  readonly type: (document: string, how: Typing) => Promise<Ended>;
}

const answerAll = async (trying: Trying, answers: NonNullable<Typing['answers']>): Promise<void> => {
  for (const [asked, keys] of answers) {
    await trying.said(asked);
    trying.type(keys);
  }
};

/**
 * @param ground - the desk lies in it; `left()` of it says what a command left running
 * @param path - the folder with `breakglass` and `temporal` in it
 */
export const createTypist = (ground: Ground, desk: string, path: string): Typist => {
  const ended: Ended[] = [];
  const waiting = [...typed];
  const last = new Map<string, Typed>();
  const means = new Map<string, string>();
  const inHouse = (text: string): string =>
    [...means].reduce((so, [documented, real]) => so.replaceAll(documented, real), text);

  const type: Typist['type'] = async (document, { starts, home, exit: wanted = 0, answers, at, env }) => {
    const place = waiting.findIndex((each) => each.document === document && each.text.startsWith(starts));
    const one = waiting[place];
    if (one === undefined) throw new Error(`${document} has no command (any more) that begins: ${starts}`);
    const before = last.get(document);
    if (before !== undefined && typed.indexOf(before) > typed.indexOf(one))
      throw new Error(`${document}: “${one.text}” stands before “${before.text}”`);
    last.set(document, one);
    waiting.splice(place, 1);
    const line = inHouse(one.text);
    const command =
      answers === undefined ? ['sh', '-c', line] : ['script', '-qec', `stty -echo; ${line}`, '/dev/null'];
    const trying = ground.begin({
      ...{ command, at: at ?? desk },
      env: {
        PATH: `${path}:${process.env['PATH'] ?? ''}`,
        ...{ BREAKGLASS_HOME: home, NO_COLOR: '1', ...env },
      },
    });
    // One that ends before it asks says so by its exit.
    await answerAll(trying, answers ?? []).catch(() => undefined);
    const { exit, output } = await trying.ended;
    const done = { ...one, wanted, exit, output };
    ended.push(done);
    return done;
  };
  return { desk, ended, left: () => waiting, means, type };
};
