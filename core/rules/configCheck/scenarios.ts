import type { ConfigDraft } from '../../contracts/configDraft.ts';
import { nearest } from '../nearest.ts';
import { error, hasHoles, readable, warning, type ConfigFinding } from './finding.ts';

/** What a request may ask for at most, in minutes (the contract's own limit). */
const longestAsked = 24 * 60;

const checkLength = (name: string, minutes: number, draft: ConfigDraft): ConfigFinding[] => {
  const path = ['scenarios', name, 'longestSessionMinutes'];
  const postMortem = draft.deadlines?.postMortem;
  const findings: ConfigFinding[] = [];
  if (minutes > longestAsked)
    findings.push(
      warning(path, `a request may ask for ${longestAsked} minutes at most`, `write ${longestAsked} or less`),
    );
  if (postMortem !== undefined && minutes * 60 > postMortem)
    findings.push(
      warning(
        path,
        'a session may outlast the time its own post-mortem is due in',
        `write ${Math.max(1, Math.floor(postMortem / 60))} or less, or a longer deadlines.postMortem`,
      ),
    );
  return findings;
};

/** Scenarios that an account is opened for, not refused by name, and no longer than what follows them. */
export const checkScenarios = (draft: ConfigDraft): ConfigFinding[] => {
  const known = Object.keys(draft.scenarios ?? {});
  const lists = Object.values(draft.accounts ?? {}).map((account) => account?.scenarios);
  const isAllRead = draft.accounts !== undefined && !lists.some(hasHoles);
  const used = new Set(lists.flatMap(readable).map((each) => nearest(each, known)));
  return Object.entries(draft.scenarios ?? {}).flatMap(([name, scenario]) => {
    const path = ['scenarios', name];
    const minutes = scenario?.longestSessionMinutes;
    return [
      ...(isAllRead && !used.has(name)
        ? [
            warning(
              path,
              `no account is opened for ${name}`,
              'name it under an account’s scenarios, or leave it out',
            ),
          ]
        : []),
      ...(Object.hasOwn(draft.refused ?? {}, name)
        ? [error(path, `${name} is among the reasons refused by name too`, 'rename one of the two')]
        : []),
      ...(minutes === undefined ? [] : checkLength(name, minutes, draft)),
    ];
  });
};
