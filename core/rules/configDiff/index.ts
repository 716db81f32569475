/** What a change of the config means for who can open what, in words; one concern a file. */
import type { Config } from '../../contracts/config.ts';
import { changesOfAccounts } from './accounts.ts';
import type { ConfigChange } from './change.ts';
import { changesOfPeople } from './people.ts';
import { changesOfSettings } from './settings.ts';
import { changesTogether } from './together.ts';

export type { ConfigChange } from './change.ts';

/**
 * Compares two configs by what they mean: order and comments do not count. Pure.
 *
 * @param before - the config in force, of the right shape; it may be unsound
 * @param after - the one that is to follow it
 * @returns every change, what lets somebody alone or fewer people in first; empty when both mean the same
 */
export const diffConfigs = (before: Config, after: Config): ConfigChange[] => {
  const all = [
    ...changesTogether(before, after),
    ...changesOfAccounts(before, after),
    ...changesOfPeople(before, after),
    ...changesOfSettings(before, after),
  ];
  const rank = ({ what, isLooser }: ConfigChange): number => (what === 'alone' ? 0 : isLooser ? 1 : 2);
  return all.toSorted((one, other) => rank(one) - rank(other));
};
