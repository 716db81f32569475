import { withExamples, type AddCommand } from '../context.ts';
import { examine } from '../doctor/index.ts';
import { showChecks, sorted, verdictError, verdictOf } from '../doctor/show.ts';

/** `breakglass doctor`: what is broken, what still works without it, what to do. */
export const addDoctor: AddCommand = (program, context) => {
  const command = program
    .command('doctor')
    .description('look at every dependency and duty: what is broken, what still works, what to do')
    .action(async () => {
      const checks = await examine(context);
      const { out, now } = context;
      out.data({ at: now(), verdict: verdictOf(checks), checks: sorted(checks) }, showChecks(checks));
      const error = verdictError(checks);
      if (error !== null) throw error;
    });
  withExamples(command, 'doctor', 'doctor --json');
};
