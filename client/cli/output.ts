/** Data on stdout, prose on stderr; nothing of another person's text reaches the terminal unescaped. */
import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';
import { usage } from './exits.ts';
import { lines, safeJson } from './printable.ts';
import type { Surroundings, TextStream } from './surroundings.ts';

type Style = Parameters<typeof styleText>[0];

export interface Output {
  /** What a script reads: `value` with --json, otherwise `human`; one of them, once a run. */
  readonly data: (value: unknown, human: string) => void;
  /** What replaces the last `redraw`: on a terminal in its place; elsewhere, and with --json a line each, if changed. */
  readonly redraw: (value: unknown, human: string) => void;
  /** Prose. */
  readonly say: (text: string) => void;
  readonly warn: (text: string) => void;
  readonly error: (code: string, text: string) => void;
  /** The command to type next. */
  readonly next: (command: string) => void;
  /** A line that replaces the one before it on a terminal; elsewhere said once, and without its countdown. */
  readonly progress: (text: string, countdown?: string) => void;
  readonly isJson: boolean;
  /** Whether a person sees what goes to stdout. */
  readonly isStdoutTerminal: boolean;
  /** Whether a person is there to be asked. */
  readonly canAsk: boolean;
  /** Asks on the terminal; without one a usage error that names the flag to give instead. */
  readonly ask: (question: string, flag: string) => Promise<string>;
}

/** @param isJson - asked when needed: options are parsed after this is made */
export const createOutput = (surroundings: Surroundings, isJson: () => boolean): Output => {
  const { env, stdin, stdout, stderr } = surroundings;
  const paint = (stream: TextStream, style: Style, text: string): string =>
    stream.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
      ? styleText(style, text, { validateStream: false })
      : text;
  const canAsk = stdin.isTTY === true && stderr.isTTY === true;
  let lastProgress = '';
  let lastDrawn: string | undefined;
  const endProgress = (): void => {
    if (lastProgress !== '' && stderr.isTTY === true) stderr.write('\n');
    lastProgress = '';
  };
  const say = (text: string, style?: Style): void => {
    endProgress();
    const safe = lines(text);
    stderr.write(`${style === undefined ? safe : paint(stderr, style, safe)}\n`);
  };
  return {
    get isJson() {
      return isJson();
    },
    isStdoutTerminal: stdout.isTTY === true,
    canAsk,
    data: (value, human) => {
      endProgress();
      stdout.write(isJson() ? `${safeJson(value)}\n` : `${lines(human)}\n`);
    },
    say: (text) => {
      say(text);
    },
    warn: (text) => {
      say(`warning: ${text}`, 'yellow');
    },
    error: (code, text) => {
      endProgress();
      if (isJson()) stderr.write(`${safeJson({ error: { code, message: text } }, 0)}\n`);
      else say(`error: ${text}`, 'red');
    },
    next: (command) => {
      say(`next: ${command}`, 'cyan');
    },
    redraw: (value, human) => {
      const now = JSON.stringify(value);
      const isSame = now === lastDrawn;
      lastDrawn = now;
      if (isJson()) {
        if (!isSame) stdout.write(`${safeJson(value, 0)}\n`);
      } else if (stdout.isTTY === true) {
        lastProgress = '';
        stdout.write(`\u001b[H\u001b[2J${lines(human)}\n`);
      } else if (!isSame) stdout.write(`${lines(human)}\n\n`);
    },
    progress: (text, countdown = '') => {
      const whole = stderr.isTTY === true && countdown !== '' ? `${text}; ${countdown}` : text;
      if (whole === lastProgress) return;
      stderr.write(stderr.isTTY === true ? `\r\u001b[K${lines(whole)}` : `${lines(whole)}\n`);
      lastProgress = whole;
    },
    ask: async (question, flag) => {
      if (!canAsk) throw usage(`no terminal to ask on: give ${flag}`);
      endProgress();
      const terminal = createInterface({ input: stdin, terminal: false });
      stderr.write(`${lines(question)} `);
      try {
        for await (const line of terminal) return line.trim();
        return '';
      } finally {
        terminal.close();
      }
    },
  };
};
