import { parseConfigText, type ConfigProblem } from '../../../core/trust/configFile.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { CliError, exits } from '../exits.ts';
import { readNamed } from '../home.ts';

/** `breakglass config check`. */
export const addConfigCheck: AddCommand = (config, { out }) => {
  const command = config
    .command('check')
    .description('say everything that is wrong with a config, by line and column')
    .argument('<file>', 'YAML')
    .action(async (file: string) => {
      const parsed = parseConfigText(await readNamed(file));
      const problems = parsed.ok ? [] : parsed.problems;
      const warnings = parsed.ok ? parsed.warnings : [];
      const told = ({ line, column, path, message }: ConfigProblem): string =>
        `${file}:${line}:${column} ${path === '' ? '' : `${path}: `}${message}`;
      for (const each of warnings) out.warn(told(each));
      const value = { ok: parsed.ok, digest: parsed.ok ? parsed.digest : null, problems, warnings };
      out.data(value, parsed.ok ? parsed.digest : problems.map(told).join('\n'));
      if (!parsed.ok)
        throw new CliError(exits.refused, 'invalid-config', `${file}: ${problems.length} to mend`);
      out.next(`breakglass config sign ${file} --out BUNDLE`);
    });
  withExamples(command, 'config check organisation.yaml');
};
