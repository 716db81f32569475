/**
 * What a config gets wrong by its meaning, one concern a file. Every check runs on what could be read and is silent
 * on what could not, so that faults of shape and of meaning are told together, each once.
 */
import type { ConfigDraft } from '../../contracts/configDraft.ts';
import { checkAccounts } from './accounts.ts';
import { checkChannels } from './channels.ts';
import { checkDeadlines } from './deadlines.ts';
import type { ConfigFinding } from './finding.ts';
import { checkPeople } from './people.ts';
import { checkScenarios } from './scenarios.ts';

export type { ConfigFinding } from './finding.ts';

/**
 * Names of nobody, custody in one hand, quorums that cannot be met. Pure; `core/trust` gives each finding its line.
 *
 * @param draft - the config as far as it could be read
 * @returns errors and warnings; empty when there is nothing to say
 */
export const checkConfig = (draft: ConfigDraft): ConfigFinding[] => [
  ...checkPeople(draft),
  ...checkChannels(draft),
  ...checkScenarios(draft),
  ...checkAccounts(draft),
  ...checkDeadlines(draft),
];
