/** How few people it takes: whether a change lets somebody do alone what needed two. */
import type { Account, Config } from '../../contracts/config.ts';
import { parts } from '../../contracts/ids.ts';
import { holders } from '../holders.ts';
import { entry, type ConfigChange } from './change.ts';

/** People who are one hand: whoever holds a key that two names share acts as both. */
type Hand = readonly string[];

/** A way to an end: what it takes of each kind, and how much of it a hand gives. */
interface Way {
  readonly needs: readonly number[];
  readonly gives: (hand: Hand) => readonly number[];
}

/** More states than any real config has; then nothing is said of it. */
const mostStates = 20_000;

const keyOf = (line: string): string => line.trim().split(/\s+/).slice(0, 2).join(' ');

const handsOf = ({ people }: Config): Hand[] => {
  let hands: { readonly ids: string[]; readonly keys: ReadonlySet<string> }[] = [];
  for (const [id, { sshKeys, ageRecipient }] of Object.entries(people)) {
    const keys = [...sshKeys.map(keyOf), ageRecipient];
    const same = hands.filter((hand) => keys.some((key) => hand.keys.has(key)));
    const joined = {
      ids: [...same.flatMap(({ ids }) => ids), id],
      keys: new Set([...same.flatMap((hand) => [...hand.keys]), ...keys]),
    };
    hands = [...hands.filter((hand) => !same.includes(hand)), joined];
  }
  return hands.map(({ ids }) => ids);
};

const count = (hand: Hand, among: readonly string[]): number =>
  hand.filter((id) => among.includes(id)).length;

/** The fewest hands that go a way together; none if nobody can; null if there are too many to try. */
const fewest = (hands: readonly Hand[], { needs, gives }: Way): readonly Hand[] | null => {
  let reached = new Map<string, { readonly left: readonly number[]; readonly by: readonly Hand[] }>([
    [needs.join(), { left: needs, by: [] }],
  ]);
  for (const hand of hands) {
    const given = gives(hand);
    if (given.every((each) => each === 0)) continue;
    const next = new Map(reached);
    for (const { left, by } of reached.values()) {
      const then = left.map((each, kind) => Math.max(0, each - (given[kind] ?? 0)));
      const known = next.get(then.join());
      if (known === undefined || known.by.length > by.length + 1)
        next.set(then.join(), { left: then, by: [...by, hand] });
    }
    if (next.size > mostStates) return null;
    reached = next;
  }
  return reached.get(needs.map(() => 0).join())?.by ?? [];
};

/** What people do together, and the ways to it: for a use one for each principal who may ask. */
interface Deed {
  readonly account: string | null;
  readonly says: string;
  readonly ways: (config: Config) => readonly Way[];
}

const ofAccount =
  (id: string, ways: (account: Account, config: Config) => readonly Way[]) =>
  (config: Config): readonly Way[] => {
    const account = entry(config.accounts, id);
    return account === undefined ? [] : ways(account, config);
  };

const deedsOn = (id: string): readonly Deed[] => [
  {
    ...{ account: id, says: `open ${id}` },
    ways: ofAccount(id, ({ principals, quorum, custody }, config) =>
      principals.map((requester) => ({
        needs: [1, quorum.need, ...parts.map((part) => custody[part].threshold)],
        gives: (hand) => [
          count(hand, [requester]),
          count(
            hand,
            holders(config, quorum.role).filter((each) => each !== requester),
          ),
          ...parts.map((part) => count(hand, custody[part].custodians)),
        ],
      })),
    ),
  },
  {
    ...{ account: id, says: `put both parts of ${id} together from their shares, asking nobody` },
    ways: ofAccount(id, ({ custody }) => [
      {
        needs: parts.map((part) => custody[part].threshold),
        gives: (hand) => parts.map((part) => count(hand, custody[part].custodians)),
      },
    ]),
  },
  {
    ...{ account: id, says: `provision ${id}, or override what blocks it` },
    ways: ofAccount(id, ({ owners }) => [{ needs: [2], gives: (hand) => [count(hand, owners)] }]),
  },
];

const signing: Deed = {
  ...{ account: null, says: 'put a config in force' },
  ways: (config) => [{ needs: [2], gives: (hand) => [count(hand, holders(config, 'admin'))] }],
};

/** The fewest over all ways; none if nobody can. */
const fewestOf = (hands: readonly Hand[], ways: readonly Way[]): readonly Hand[] | null => {
  const found = ways.map((way) => fewest(hands, way));
  if (found.includes(null)) return null;
  return (
    found
      .filter((each) => each !== null && each.length > 0)
      .toSorted((one, other) => (one?.length ?? 0) - (other?.length ?? 0))[0] ?? []
  );
};

const named = (hands: readonly Hand[]): string => hands.map((hand) => hand.join(' = ')).join(', ');

/** What fewer people than before can do together, what one can do alone now, and what nobody can any more. */
export const changesTogether = (before: Config, after: Config): ConfigChange[] => {
  const [old, now] = [handsOf(before), handsOf(after)];
  const deeds = [signing, ...Object.keys(after.accounts).flatMap(deedsOn)];
  return deeds.flatMap(({ account, says, ways }): ConfigChange[] => {
    const [had, has] = [fewestOf(old, ways(before)), fewestOf(now, ways(after))];
    if (had === null || has === null || had.length === has.length) return [];
    const about = { account, person: null, effect: 'changes' } as const;
    if (has.length === 0)
      return [{ ...about, what: 'together', isLooser: false, says: `nobody can ${says} any more` }];
    if (has.length === 1) {
      const needed = had.length === 0 ? 'nobody could before' : `needed ${had.length} people before`;
      return [
        {
          ...{ ...about, what: 'alone', isLooser: true, person: has[0]?.[0] ?? null, effect: 'gains' },
          says: `${named(has)} can alone ${says}, which ${needed}`,
        },
      ];
    }
    // An account that is new, or could not be opened, is told as that.
    if (had.length === 0) return [];
    return [
      {
        ...{ ...about, what: 'together', isLooser: has.length < had.length },
        says: `it takes ${has.length} people to ${says}, ${had.length} before (such as ${named(has)})`,
      },
    ];
  });
};
