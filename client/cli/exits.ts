/** What the command line answers with: documented, so that scripts can act on it. */
export const exits = {
  ok: 0,
  /** A fault of ours or of the machine. */
  unexpected: 1,
  /** Wrong or missing arguments, or a machine that is not set up. */
  usage: 2,
  /** Understood, and refused by the rules (or the ledger or config is wrong). */
  refused: 3,
  /** This machine does not believe what it was shown; it signed nothing. */
  machineRefused: 4,
  notFound: 5,
  unreachable: 6,
  timedOut: 7,
  /** `doctor` only, and far from the others, so that a monitor can tell a verdict from a failure to give one. */
  warnings: 10,
  /** `doctor` only. */
  broken: 11,
} as const;
export type Exit = (typeof exits)[keyof typeof exits];

/** An end that a person can act on: one line, an exit code, perhaps the command that helps. */
export class CliError extends Error {
  override readonly name: string = 'CliError';
  readonly exit: Exit;
  /** For scripts: a `RefusalCode`, or a word of the command line's own. */
  readonly code: string;
  readonly next: string | undefined;
  constructor(exit: Exit, code: string, message: string, next?: string) {
    super(message);
    this.exit = exit;
    this.code = code;
    this.next = next;
  }
}

/** What a server showed does not hold: it goes into the machine's log, and nothing is signed for it. */
export class MachineRefusal extends CliError {
  override readonly name = 'MachineRefusal';
  constructor(code: string, message: string) {
    super(exits.machineRefused, code, message);
  }
}

export const usage = (message: string, next?: string): CliError =>
  new CliError(exits.usage, 'usage', message, next);

export const notFound = (message: string, next?: string): CliError =>
  new CliError(exits.notFound, 'not-found', message, next);

/** Shown under `breakglass --help`. */
export const exitHelp = `
Exit codes:
  0  done
  1  unexpected
  2  wrong or missing arguments, or this machine is not set up
  3  refused by the rules
  4  refused by this machine's own checks (see: breakglass log)
  5  not found
  6  cannot reach the api
  7  timed out waiting
 10  doctor: warnings
 11  doctor: something is broken
`;
