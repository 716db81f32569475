import { usage } from '../exits.ts';
import { subjectOf } from '../aboutCase.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { dryRunOption, type DryRunOption } from '../dryRun.ts';
import { onCase } from '../machine.ts';

interface Options extends DryRunOption {
  readonly explained?: boolean;
  readonly removed?: boolean;
  readonly reason: string;
}

const howOf = ({ explained = false, removed = false }: Options): 'explained' | 'removed' => {
  if (explained === removed) throw usage('say which it is: --explained, or --removed');
  return explained ? 'explained' : 'removed';
};

/** `breakglass finding`: an owner has looked at what a session may have left behind. */
export const addFinding: AddCommand = (program, context) => {
  const command = dryRunOption(
    program
      .command('finding')
      .description(
        'sign that something the rotation found is explained, or removed; another owner than who asked',
      )
      .argument('<case>')
      .argument('<finding>')
      .option('--explained', 'it is meant to be there')
      .option('--removed', 'it was not, and is gone')
      .requiredOption('--reason <text>', 'what it was, and how you know'),
  ).action(async (named: string, finding: string, options: Options) => {
    const how = howOf(options);
    const about = { named, doing: 'finding', phases: ['settling'] as const, dryRun: options.dryRun };
    await onCase(context, about, async (machine, id) => {
      const { about } = await subjectOf(context, machine, id);
      const accepted = await machine.decide({
        ...{ type: 'finding', ...about },
        ...{ finding, how, reason: options.reason },
      });
      context.out.data(accepted, id);
      context.out.next(`breakglass status ${id}`);
    });
  });
  withExamples(
    command,
    'finding acme-eu admin-1f0c9a2b --explained --reason "Ines, hired on Monday, HR-311"',
    'finding acme-eu/2026-11-21-01 credential-passkey --removed --reason "identity replaced, INC-77"',
  );
};
