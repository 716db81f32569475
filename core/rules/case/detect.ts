import type { Config } from '../../contracts/config.ts';
import type { AccountEvent, CaseEventOf } from '../../contracts/events.ts';
import type { CaseId, Digest, PersonId } from '../../contracts/ids.ts';
import type { StreamEvent } from '../../contracts/ledger.ts';
import type { AccountState } from '../account/state.ts';
import { alarmed, holders } from '../holders.ts';

/** Minutes: a use without authorisation lasts no longer, whatever the account's scenarios allow. */
const longestUse = 60;

/** Who owes the answer: on-call; where nobody is, the next who can do something about it. */
const answerers = (config: Config, owners: readonly PersonId[]): PersonId[] => {
  const choices = [
    holders(config, 'oncall'),
    holders(config, 'security'),
    holders(config, 'admin'),
    [...owners],
  ];
  return choices.find((each) => each.length > 0) ?? (Object.keys(config.people) as PersonId[]);
};

/** The first event of the undeclared case that an unclaimed login opens. */
const detect = (
  state: AccountState,
  event: Extract<AccountEvent, { type: 'session-unclaimed' }>,
  id: CaseId,
  current: Config,
  digest: Digest,
): CaseEventOf<'detected'> => {
  const sighting = state.seen.find((each) => each.sighting.id === event.sighting)?.sighting;
  if (sighting === undefined || state.pair === null)
    throw new Error(`${id} was opened without a sighting or a sealed pair`);
  const account = Object.hasOwn(current.accounts, state.account)
    ? current.accounts[state.account]
    : undefined;
  const allowed = (account?.scenarios ?? []).map(
    (each) => current.scenarios[each]?.longestSessionMinutes ?? longestUse,
  );
  const { answer, attestation, sessionLog, postMortem } = current.deadlines;
  return {
    ...{ type: 'detected', at: event.at, case: id, account: state.account, sighting, config: digest },
    terms: {
      told: alarmed(current),
      answerers: answerers(current, account?.owners ?? []),
      longestSessionMinutes: Math.min(longestUse, ...allowed),
      seconds: { answer, attestation, sessionLog, postMortem },
    },
    pair: state.pair,
  };
};

/**
 * The events of logins that nobody claimed in time, with the first event of the case that they open.
 *
 * @param unclaimed - as `dueAccount` gives them
 * @param current - the config in force, and its digest: the case is pinned to it
 */
export const withDetected = (
  state: AccountState,
  unclaimed: readonly Extract<AccountEvent, { type: 'session-unclaimed' }>[],
  current: { readonly config: Config; readonly digest: Digest },
): StreamEvent[] => {
  const standing = new Set<CaseId>(state.undeclared.map((each) => each.case));
  return unclaimed.flatMap((event): StreamEvent[] => {
    const rung: StreamEvent = { account: state.account, event };
    const id = event.case;
    if (id === undefined || standing.has(id)) return [rung];
    standing.add(id);
    return [rung, { case: id, event: detect(state, event, id, current.config, current.digest) }];
  });
};
