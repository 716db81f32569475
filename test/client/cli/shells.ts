/** The completion scripts in the shells themselves; a program that answers what it is told stands for breakglass. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ASK, scripts, shells, type Shell } from '../../../client/cli/completionScripts.ts';

/** A folder with the scripts and the stand-in, for `offered`. */
export interface Bench {
  readonly folder: string;
  /** What the stand-in will say: lines of a value, a tab and what it is. */
  answer(lines: string): void;
  /** What it was called with last. */
  asked(): string[];
  remove(): void;
}

export const makeBench = (): Bench => {
  const folder = mkdtempSync(join(tmpdir(), 'breakglass-shells-'));
  const file = (name: string): string => join(folder, name);
  const [asked, answer] = [file('asked'), file('answer')];
  // Asked for candidates it grumbles, as a broken one would: nothing of that may reach the terminal.
  const program = `#!/bin/sh
printf '%s\\n' "$@" > '${asked}'
[ "$1" = ${ASK} ] && echo grumble >&2
cat '${answer}'
`;
  writeFileSync(file('breakglass'), program);
  chmodSync(file('breakglass'), 0o755);
  for (const shell of shells) writeFileSync(file(`completion.${shell}`), scripts[shell]);
  return {
    folder,
    answer: (lines) => {
      writeFileSync(answer, lines);
    },
    asked: () => readFileSync(asked, 'utf8').trimEnd().split('\n'),
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

/** All that a person would see. */
const runShell = (shell: Shell, args: readonly string[], cwd: string): string => {
  const { status, error, stdout, stderr } = spawnSync(shell, args, {
    ...{ encoding: 'utf8', timeout: 60_000, stdio: ['ignore', 'pipe', 'pipe'], cwd },
    env: { PATH: `${cwd}:${process.env['PATH'] ?? ''}`, HOME: cwd, TERM: 'dumb', LC_ALL: 'C.UTF-8' },
  });
  if (status !== 0) throw error ?? new Error(`${shell} ended with ${status}: ${stderr}`);
  return stdout + stderr;
};

export const isThere = (shell: Shell): boolean => {
  try {
    runShell(shell, ['-c', 'true'], tmpdir());
    return true;
  } catch {
    return false;
  }
};

/**
 * What a shell offers for the words of a line, the last one half typed. zsh completes on a terminal only: there
 * the line is completed and carried out, and what the program was then given is what was offered.
 */
export const offered = (shell: Shell, words: readonly string[], bench: Bench): string => {
  if (shell === 'zsh') {
    const steps = [
      'zmodload zsh/zpty',
      'zpty z zsh -f -i',
      `zpty -w z "PS1=; autoload -Uz compinit; compinit -u -D; source completion.zsh; print REA''DY"`,
      `zpty -r -m z out '*READY*'`,
      String.raw`zpty -w z $'${words.join(' ')}\t; print DO\'\'NE'`,
      `zpty -r -m z out '*DONE*'`,
      'zpty -d z',
      'print -r -- $out',
    ];
    return `${runShell('zsh', ['-f', '-c', steps.join('\n')], bench.folder)}${bench.asked().join(' ')}`;
  }
  if (shell === 'fish')
    return runShell(
      'fish',
      ['--no-config', '-c', `source completion.fish; complete -C '${words.join(' ')}'`],
      bench.folder,
    );
  const line = words.map((word) => `'${word}'`).join(' ');
  const script = `source completion.bash; COMP_WORDS=(${line}); COMP_CWORD=${words.length - 1}; _breakglass; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return runShell('bash', ['--norc', '--noprofile', '-c', script], bench.folder);
};

const theCase = 'acme-eu/2026-11-21-01';

/** Whether a shell asks the program, offers what it answers, and says nothing where it answers nothing. */
export const triedIn = (shell: Shell): boolean => {
  const bench = makeBench();
  try {
    bench.answer(`${theCase}\trequested, by alice\n`);
    const isOffered = offered(shell, ['breakglass', 'approve', 'acme-eu/2'], bench).includes(theCase);
    bench.answer('');
    const isSilent = !/grumble|acme/.test(offered(shell, ['breakglass', 'approve', 'zzz'], bench));
    return isOffered && isSilent;
  } finally {
    bench.remove();
  }
};
