import type { Config } from '../contracts/config.ts';
import type { Refusal } from '../contracts/failures.ts';
import type { AccountId } from '../contracts/ids.ts';
import { refuse } from './decision.ts';

const folded = (text: string): string =>
  text.normalize('NFKC').toLowerCase().replace(/[’‘]/g, "'").replace(/\s+/g, ' ');

/**
 * Whether a stated reason may open an account at all: a listed scenario of that
 * account, each of its conditions stated, and none of the reasons refused by name.
 *
 * @returns null when it may, otherwise why not and where to go instead
 */
export const checkReason = (
  config: Config,
  account: AccountId,
  stated: {
    readonly scenario: string;
    readonly conditions: readonly string[];
    readonly texts: readonly string[];
  },
): Refusal | null => {
  const named = Object.hasOwn(config.refused, stated.scenario) ? config.refused[stated.scenario] : undefined;
  if (named !== undefined)
    return refuse(
      'refused-reason',
      `“${stated.scenario}” is refused by name (${named.says}); instead: ${named.instead}`,
    ).refusal;
  for (const [name, reason] of Object.entries(config.refused)) {
    const phrase = reason.phrases.find((each) =>
      stated.texts.some((text) => folded(text).includes(folded(each))),
    );
    if (phrase !== undefined)
      return refuse(
        'refused-reason',
        `“${phrase}” names a reason that is refused: ${name} (${reason.says}); instead: ${reason.instead}`,
      ).refusal;
  }
  const allowed = config.accounts[account]?.scenarios ?? [];
  const scenario = allowed.includes(stated.scenario) ? config.scenarios[stated.scenario] : undefined;
  if (scenario === undefined)
    return refuse(
      'unknown-scenario',
      `${account} is not opened for “${stated.scenario}”; its scenarios are: ${allowed.join(', ')}`,
    ).refusal;
  const unknown = stated.conditions.filter((each) => !Object.hasOwn(scenario.conditions, each));
  if (unknown.length > 0)
    return refuse(
      'missing-condition',
      `${stated.scenario} has no condition ${unknown.join(', ')}; it has: ${Object.keys(scenario.conditions).join(', ')}`,
    ).refusal;
  const missing = Object.entries(scenario.conditions).filter(([id]) => !stated.conditions.includes(id));
  if (missing.length > 0)
    return refuse(
      'missing-condition',
      `${stated.scenario} also needs: ${missing.map(([id, says]) => `${id} (${says})`).join(', ')}`,
    ).refusal;
  return null;
};
