/** `--dry-run`: every check of this machine, then what would be signed and sent; neither is done. */
import type { Command } from 'commander';
import type { Refusal } from '../../core/contracts/failures.ts';
import type { Statement } from '../../core/contracts/statements.ts';
import type { Context } from './context.ts';
import { CliError, exits } from './exits.ts';
import type { Profile } from './home.ts';
import { safeJson } from './printable.ts';

export interface DryRunOption {
  readonly dryRun?: boolean;
}

export const dryRunOption = (command: Command): Command =>
  command.option('--dry-run', 'check everything here, say what would be signed and sent, and do neither');

/** Where a dry run ends: all that would have been signed. */
export class DryRun extends Error {
  override readonly name = 'DryRun';
  readonly statements: readonly Statement[];
  constructor(statements: readonly Statement[]) {
    super('a dry run ends before it signs');
    this.statements = statements;
  }
}

/** A released share opens with the requester's key, signed or not: it is not shown. */
const shown = (statement: Statement): object =>
  statement.type === 'release'
    ? { ...statement, ciphertext: '(the share, encrypted to the recipient; not shown in a dry run)' }
    : statement;

export const showDryRun = ({ out }: Context, { statements }: DryRun, profile: Profile): void => {
  const decisions = statements.map(shown);
  out.data(
    { dryRun: true, by: profile.person, to: profile.api, decisions },
    decisions.map((each) => safeJson(each)).join('\n'),
  );
  out.say(
    `dry run: nothing was signed, nothing was sent. For real, ${profile.sshKey} signs this, with a nonce and times of that moment, and ${profile.api} gets it`,
  );
};

/**
 * Says that the rules will refuse what is about to be signed. It is sent all the same, so that the refusal is in
 * the ledger; but a dry run ends here.
 *
 * @param refusal - null when nothing is known against it
 * @throws CliError `refused` in a dry run
 */
export const foretell = (
  { out }: Context,
  { dryRun = false }: DryRunOption,
  refusal: Refusal | null,
): void => {
  if (refusal === null) return;
  if (dryRun) throw new CliError(exits.refused, refusal.code, `the rules would refuse this: ${refusal.why}`);
  out.say(`the rules will refuse this: ${refusal.why}`);
};
