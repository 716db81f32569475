/** What the ledger knows of an account's duties: how old its credential is, when it was rehearsed, who can open it. */
import { amiss, well, type Check } from '../contracts/checks.ts';
import type { Config } from '../contracts/config.ts';
import type { AccountView, CaseView } from '../contracts/http.ts';
import { parts, type Part } from '../contracts/ids.ts';

const DAY_MS = 24 * 3600 * 1000;
/** A quarter: a credential is rotated, and its way in rehearsed, at least once in each. */
export const LONGEST_DAYS = 92;

const daysSince = (at: string, now: string): number =>
  Math.max(0, Math.floor((Date.parse(now) - Date.parse(at)) / DAY_MS));

const ago = (days: number): string => (days === 0 ? 'today' : days === 1 ? 'a day ago' : `${days} days ago`);

const credential = ({ account, lastRotation }: AccountView, now: string): Check => {
  const of = { id: `credential/${account}`, by: 'ledger' } as const;
  if (lastRotation === null)
    return amiss(of, 'warning', {
      says: `${account} was never provisioned: there is no credential to break the glass for`,
      still: 'the other accounts',
      remedy: `two owners: breakglass provision ${account}`,
    });
  const days = daysSince(lastRotation.at, now);
  const says = `the credential of ${account} was last rotated ${ago(days)} (${lastRotation.id})`;
  if (days <= LONGEST_DAYS) return well(of, says);
  return amiss(of, 'warning', {
    says: `${says}; at most ${LONGEST_DAYS} days are meant`,
    still: 'it opens the account as before',
    remedy: `an owner: breakglass rotate ${account}`,
  });
};

/** One that reached a session: a request nobody could answer rehearses nothing. */
const drill = ({ account }: AccountView, cases: readonly CaseView[], now: string): Check => {
  const of = { id: `drill/${account}`, by: 'ledger' } as const;
  const [last] = cases
    .filter((each) => each.account === account && each.kind === 'drill')
    .flatMap(({ times }) => times['in-session'] ?? [])
    .toSorted()
    .toReversed();
  const days = last === undefined ? null : daysSince(last, now);
  const says =
    days === null
      ? `the way into ${account} was never rehearsed`
      : `the last drill of ${account} was ${ago(days)}`;
  if (days !== null && days <= LONGEST_DAYS) return well(of, says);
  return amiss(of, 'warning', {
    says,
    still: 'everything; nobody knows how well',
    remedy: `a principal: breakglass request ${account} --drill …`,
  });
};

/**
 * How many custodians a part can still lose. Only those count who have shown that they can open their share, and
 * whom the config in force still names.
 */
const custody = ({ account, pair, attested }: AccountView, part: Part, config: Config): Check | null => {
  const sealed = pair?.[part];
  if (sealed === undefined) return null;
  const of = { id: `custody/${account}/${part}`, by: 'ledger' } as const;
  const { custodians, threshold, generation } = sealed;
  const here = custodians.filter((person) => Object.hasOwn(config.people, person));
  const proven = here.filter((person) => attested.includes(`${part}/${person}`));
  const silent = here.filter((person) => !proven.includes(person));
  const losses = proven.length - threshold;
  const counted = `${proven.length} custodians have shown that they can open the ${part} of ${account} (generation ${generation}), ${threshold} are needed`;
  const ask = silent.length === 0 ? '' : `${silent.join(', ')}: breakglass attest ${account} --kept-at WHERE`;
  if (losses < 0)
    return amiss(of, 'broken', {
      says: `${counted}: whether the account opens is not known`,
      still: 'the other accounts; two owners may pass one request with breakglass override',
      remedy:
        here.length >= threshold
          ? ask
          : 'two admins sign a config with other custodians, then an owner rotates: do it while somebody can log in',
    });
  if (losses === 0)
    return amiss(of, 'warning', {
      says: `${counted}: one custodian's loss locks the account`,
      still: 'the account opens',
      remedy: ask === '' ? 'name one custodian more in the config, then rotate' : ask,
    });
  return well(of, `${counted}: lock-out is ${losses + 1} custodians' losses away`);
};

const nextUse = ({ account, blocked, overriddenUntil, provisioned }: AccountView, now: string): Check => {
  const of = { id: `next-use/${account}`, by: 'ledger' } as const;
  if (!provisioned) return amiss(of, 'unknown', { says: `${account} is not provisioned` });
  if (blocked === null) return well(of, `${account} takes a request`);
  const isPassed = overriddenUntil !== null && overriddenUntil > now;
  return amiss(of, isPassed ? 'warning' : 'broken', {
    says: `the next request for ${account} is refused: ${blocked}${isPassed ? `; overridden for one request until ${overriddenUntil}` : ''}`,
    still: 'the other accounts; a case that is open already',
    remedy: `breakglass status ${account}; in an emergency two owners: breakglass override ${account} --reason WHY`,
  });
};

const strangers = ({ account, undeclared, unclaimed }: AccountView): Check => {
  const of = { id: `undeclared/${account}`, by: 'ledger' } as const;
  if (undeclared.length > 0)
    return amiss(of, 'broken', {
      says: `somebody used ${account} and nobody has ended it: ${undeclared.join(', ')}`,
      still: 'requests, once it has ended and the credential is rotated',
      remedy: undeclared.map((id) => `breakglass stop ${id} --reason WHY`).join('; '),
    });
  if (unclaimed.length > 0)
    return amiss(of, 'warning', {
      says: `${unclaimed.length} logins to ${account} are claimed by nobody`,
      still: 'everything',
      remedy: `whoever they are: breakglass claim; else breakglass status ${account}`,
    });
  return well(of, `no use of ${account} is undeclared`);
};

const paperwork = ({ account, overdue }: AccountView): Check => {
  const of = { id: `paperwork/${account}`, by: 'ledger' } as const;
  if (overdue.length === 0) return well(of, `nothing about ${account} is overdue`);
  return amiss(of, 'warning', {
    says: `overdue for ${account}: ${overdue.join(', ')}; the next case needs one signature more`,
    still: 'everything',
    remedy: `breakglass status ${account}`,
  });
};

/**
 * What there is to say about one account.
 *
 * @param view - as the ledger's rows leave it
 * @param cases - the account's drills; others are left out of account
 * @param config - in force: who has left it opens nothing
 * @param now - UTC
 */
export const dutiesOf = (
  view: AccountView,
  cases: readonly CaseView[],
  config: Config,
  now: string,
): Check[] => [
  nextUse(view, now),
  strangers(view),
  ...parts.flatMap((part) => custody(view, part, config) ?? []),
  credential(view, now),
  drill(view, cases, now),
  paperwork(view),
];
