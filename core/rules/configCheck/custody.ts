import type { ConfigDraft, DraftAccount } from '../../contracts/configDraft.ts';
import { parts } from '../../contracts/ids.ts';
import { error, readable, repeated, unknownIn, warning, type ConfigFinding, type Path } from './finding.ts';
import { everydayFault } from './everyday.ts';
import { isWithin, wordsOf } from './words.ts';

type At = (...rest: readonly (string | number)[]) => Path;

/** Password and MFA in one place: with one person, or behind one factor. */
const checkApart = ({ custody }: DraftAccount, at: At): ConfigFinding[] => {
  const { password, mfa } = custody ?? {};
  const ofPassword = readable(password?.custodians);
  const shared = (mfa?.custodians ?? []).flatMap((person, index) =>
    person !== undefined && ofPassword.includes(person)
      ? [
          error(
            at('mfa', 'custodians', index),
            `${person} holds a share of the password too: the two parts never meet`,
            'name somebody who holds none of the password',
          ),
        ]
      : [],
  );
  const [one, other] = [password?.unlockFactor, mfa?.unlockFactor];
  if (one === undefined || other === undefined) return shared;
  const [here, there] = [wordsOf(one), wordsOf(other)];
  if (!isWithin(here, there) && !isWithin(there, here)) return shared;
  const instead = 'put the mfa elsewhere, and write where; or say how the two places differ';
  return [
    ...shared,
    error(at('mfa', 'unlockFactor'), 'password and mfa lie behind the same unlock factor', instead),
  ];
};

const checkPart = (draft: ConfigDraft, account: DraftAccount, part: (typeof parts)[number], at: At) => {
  const { threshold, custodians, unlockFactor } = account.custody?.[part] ?? {};
  const path = at(part, 'custodians');
  const findings = [...unknownIn(draft.people, 'person', path, custodians), ...repeated(path, custodians)];
  if (threshold !== undefined && custodians !== undefined) {
    // A name that cannot be read stands for somebody.
    const holders = new Set(custodians.map((person, index) => person ?? index)).size;
    const fits = Math.max(2, holders - 1);
    const instead = `name ${threshold - holders + 1} more${fits < threshold ? `, or write ${fits}` : ''}`;
    if (threshold > holders)
      findings.push(
        error(
          at(part, 'threshold'),
          `${threshold} shares are needed and ${holders} people hold one`,
          instead,
        ),
      );
    else if (threshold === holders)
      findings.push(
        warning(
          at(part, 'threshold'),
          `every custodian is needed: with one away the ${part} stays shut`,
          instead,
        ),
      );
  }
  const everyday =
    unlockFactor === undefined ? null : everydayFault(unlockFactor, draft.everyday, at(part, 'unlockFactor'));
  return everyday === null ? findings : [...findings, everyday];
};

/** Each part with people enough to open it, apart from the other part, and apart from everyday work. */
export const checkCustody = (draft: ConfigDraft, id: string, account: DraftAccount): ConfigFinding[] => {
  const at: At = (...rest) => ['accounts', id, 'custody', ...rest];
  return [...checkApart(account, at), ...parts.flatMap((part) => checkPart(draft, account, part, at))];
};
