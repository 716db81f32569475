import type { Config } from '../../../core/contracts/config.ts';
import type { Digest } from '../../../core/contracts/ids.ts';
import { configDigest, readConfigText } from '../../../core/trust/configFile.ts';
import { diffConfigs } from '../../../core/rules/configDiff/index.ts';
import { changeLine } from '../configChanges.ts';
import { readBundle } from '../configPin.ts';
import { withExamples, type AddCommand } from '../context.ts';
import { CliError, exits } from '../exits.ts';
import { readNamed } from '../home.ts';

/** A config from YAML, or from a bundle; signatures are not looked at. */
const configIn = async (file: string): Promise<{ readonly config: Config; readonly digest: Digest }> => {
  const text = await readNamed(file);
  const yaml = text.trimStart().startsWith('{') ? readBundle(text, file).yaml : text;
  const read = readConfigText(yaml);
  if (read.ok) return { config: read.config, digest: configDigest(yaml) };
  const [first] = read.problems;
  throw new CliError(
    exits.refused,
    'invalid-config',
    `${file} has errors, the first in line ${first?.line ?? 1}: ${first?.message ?? 'it cannot be read'}`,
    `breakglass config check ${file}`,
  );
};

/** `breakglass config diff`. */
export const addConfigDiff: AddCommand = (config, { out }) => {
  const command = config
    .command('diff')
    .description('say in words what a change of the config means for who can open what')
    .argument('<old>', 'YAML, or a bundle')
    .argument('<new>', 'YAML, or a bundle')
    .action(async (oldFile: string, newFile: string) => {
      const [before, after] = [await configIn(oldFile), await configIn(newFile)];
      const changes = diffConfigs(before.config, after.config);
      const nothing =
        before.digest === after.digest
          ? 'the same config'
          : 'another text, and nothing changes about who may do what';
      out.data(
        { before: before.digest, after: after.digest, changes },
        changes.length === 0 ? nothing : changes.map(changeLine).join('\n'),
      );
      if (changes.some(({ isLooser }) => isLooser))
        out.say('“!”: it gets easier to open an account, or lies in other hands than before; look twice');
    });
  withExamples(command, 'config diff 0001.json organisation.yaml', 'config diff old.yaml new.yaml --json');
};
