/** What a config changes, as lines for people. */
import type { Config } from '../../core/contracts/config.ts';
import { diffConfigs, type ConfigChange } from '../../core/rules/configDiff/index.ts';
import type { Output } from './output.ts';
import { oneLine } from './printable.ts';

const signs = { gains: '+', loses: '-', changes: '~' } as const;

/** One change: `!` for what makes it easier to open an account, or moves it into other hands. */
export const changeLine = ({ effect, isLooser, says }: ConfigChange): string =>
  oneLine(`${isLooser ? '!' : signs[effect]} ${says}`);

/** Says beside a command's data what is about to be signed or relied on. */
export const sayChanges = (out: Output, before: Config, after: Config): void => {
  const changes = diffConfigs(before, after);
  out.say(
    changes.length === 0
      ? 'it changes nothing about who may do what'
      : `what it changes (“!”: look twice):\n${changes.map((each) => `  ${changeLine(each)}`).join('\n')}`,
  );
};
