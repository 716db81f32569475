import { parseConfigText, type ConfigProblem } from '../../../core/trust/configFile.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { CliError, exits } from '../exits.ts';
import { readNamed } from '../home.ts';
import { oneLine } from '../printable.ts';

/** As compilers write it, so that editors find the place. */
const lineOf = (file: string, severity: string, problem: ConfigProblem): string => {
  const { line, column, path, message, instead } = problem;
  return oneLine(
    `${file}:${line}:${column}: ${severity}: ${path === '' ? '' : `${path}: `}${message}; ${instead}`,
  );
};

/** `breakglass config check`. */
export const addConfigCheck: AddCommand = (config, { out }) => {
  const command = config
    .command('check')
    .description('say everything that is wrong with a config, by line and column, and what to write instead')
    .argument('<file>', 'YAML')
    .action(async (file: string) => {
      const parsed = parseConfigText(await readNamed(file));
      const problems = parsed.ok ? [] : parsed.problems;
      const { warnings } = parsed;
      const told = [
        ...problems.map((each) => ({ ...each, text: lineOf(file, 'error', each) })),
        ...warnings.map((each) => ({ ...each, text: lineOf(file, 'warning', each) })),
      ]
        .sort((a, b) => a.line - b.line || a.column - b.column)
        .map(({ text }) => text);
      const value = { ok: parsed.ok, digest: parsed.ok ? parsed.digest : null, problems, warnings };
      out.data(value, parsed.ok ? parsed.digest : told.join('\n'));
      if (!parsed.ok)
        throw new CliError(
          exits.refused,
          'invalid-config',
          `${file}: ${problems.length} to mend${warnings.length === 0 ? '' : `, ${warnings.length} to weigh`}`,
        );
      // The digest is the data of a good config; what is to be weighed is said beside it.
      for (const line of told) out.say(line);
      out.next(`breakglass config sign ${file} --out BUNDLE`);
    });
  withExamples(command, 'config check organisation.yaml');
};
