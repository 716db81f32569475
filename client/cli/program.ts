/** The command line as a whole: one file a command, in the order in which a case goes. */
import { Command } from 'commander';
import manifest from '../../package.json' with { type: 'json' };
import { addApprove } from './commands/approve.ts';
import { addAttest } from './commands/attest.ts';
import { addCases } from './commands/cases.ts';
import { addClaim } from './commands/claim.ts';
import { addCompletion } from './commands/completion.ts';
import { addConfig } from './commands/config.ts';
import { addDeny } from './commands/deny.ts';
import { addDoctor } from './commands/doctor.ts';
import { addEnd } from './commands/end.ts';
import { addFinding } from './commands/finding.ts';
import { addHistory } from './commands/history.ts';
import { addInit } from './commands/init.ts';
import { addKeygen } from './commands/keygen.ts';
import { addLedger } from './commands/ledger.ts';
import { addLog } from './commands/log.ts';
import { addOpen } from './commands/open.ts';
import { addOverride } from './commands/override.ts';
import { addProvision } from './commands/provision.ts';
import { addRelease } from './commands/release.ts';
import { addRequest } from './commands/request.ts';
import { addRotate } from './commands/rotate.ts';
import { addRunbook } from './commands/runbook.ts';
import { addStatus } from './commands/status.ts';
import { addStop } from './commands/stop.ts';
import { addWithdraw } from './commands/withdraw.ts';
import { addWriteUp } from './commands/writeUp.ts';
import { createContext, type AddCommand, type Context } from './context.ts';
import { exitHelp } from './exits.ts';
import type { Surroundings } from './surroundings.ts';

const groups: readonly (readonly [string, readonly AddCommand[]])[] = [
  ['This machine:', [addKeygen, addInit, addConfig, addLog, addCompletion]],
  ['A case:', [addRequest, addApprove, addDeny, addWithdraw, addRelease, addOpen, addClaim, addEnd, addStop]],
  ['Settling:', [addAttest, addWriteUp, addFinding]],
  ['Accounts:', [addProvision, addRotate, addOverride]],
  ['Looking:', [addStatus, addDoctor, addCases, addHistory, addLedger, addRunbook]],
];

export const createProgram = (
  surroundings: Surroundings,
): { readonly program: Command; readonly context: Context } => {
  const program = new Command('breakglass')
    .description('emergency access to high-privilege accounts, as a process that can be checked')
    .version(manifest.version, '--version', 'this program’s version')
    .option('--json', 'data as JSON on stdout; errors as JSON on stderr')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => surroundings.stdout.write(text),
      writeErr: (text) => surroundings.stderr.write(text),
    })
    .exitOverride()
    .addHelpText('after', exitHelp);
  const context = createContext(surroundings, () => program.opts<{ json?: boolean }>().json === true);
  for (const [heading, commands] of groups) {
    program.commandsGroup(heading);
    for (const add of commands) add(program, context);
  }
  return { program, context };
};
