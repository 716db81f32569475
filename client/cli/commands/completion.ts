import { didYouMean } from '../../../core/rules/nearest.ts';
import { places, scripts, shells } from '../completionScripts.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { usage } from '../exits.ts';

/** `breakglass completion`: the script that a shell sources. */
export const addCompletion: AddCommand = (program, { out }) => {
  const command = program
    .command('completion')
    .description('print the script that completes commands, options, accounts, cases and scenarios')
    .argument('<shell>', shells.join(', '))
    .action((named: string) => {
      const shell = shells.find((each) => each === named);
      if (shell === undefined) throw usage(`no completion for ${named}; ${didYouMean(named, shells)}`);
      const script = scripts[shell];
      out.data({ shell, script }, script.trimEnd());
      out.say(`put it where ${shell} looks: ${places[shell]}`);
    });
  withExamples(command, 'completion bash', 'completion zsh', 'completion fish');
};
