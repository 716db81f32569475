import type { Config } from '../../contracts/config.ts';
import { entry, lasting, namesOf, type ConfigChange } from './change.ts';

const about = { account: null, person: null, effect: 'changes' } as const;

const changesOfDeadlines = ({ deadlines: before }: Config, { deadlines: after }: Config): ConfigChange[] =>
  (Object.keys(after) as (keyof typeof after)[]).flatMap((name) =>
    before[name] === after[name]
      ? []
      : [
          {
            ...{ ...about, what: 'deadline', isLooser: after[name] > before[name] },
            says: `deadline ${name}: ${lasting(after[name])}, ${lasting(before[name])} before`,
          },
        ],
  );

/** Told elsewhere, in words of their own. */
const told = [
  /^people\.[^.]+\.(?:roles|sshKeys|ageRecipient|channels)$/,
  /^security\.channels$/,
  /^deadlines\./,
  /^accounts\.[^.]+\.(?:principals|owners|scenarios|quorum\..*|custody\.[^.]+\.(?:threshold|custodians))$/,
];

/** Settings that say where people, messages and proofs are sent, or keep somebody out. */
const telling = [
  /^origin$/,
  /^worker\.sshKey$/,
  /^everyday$/,
  /^(?:channels|witnesses)\./,
  /^refused\./,
  /^scenarios\.[^.]+\.(?:conditions|longestSessionMinutes)/,
  /^accounts\.[^.]+\.(?:address|networks|awsAccountId|singlePrincipalRisk|kind)$/,
  /^accounts\.[^.]+\.custody\./,
];

/** Every value by its path; a list is one value. */
const leavesOf = (value: unknown, path = ''): [string, string][] =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([name, below]) =>
        leavesOf(below, path === '' ? name : `${path}.${name}`),
      )
    : [[path, JSON.stringify(value)]];

const records = {
  channels: 'channel',
  witnesses: 'witness',
  scenarios: 'scenario',
  refused: 'refused reason',
} as const;

/** Entries of records that are new or gone, each as one line. */
const changesOfEntries = (before: Config, after: Config): ConfigChange[] =>
  (Object.keys(records) as (keyof typeof records)[]).flatMap((record) =>
    namesOf(before[record], after[record]).flatMap((name): ConfigChange[] => {
      const [old, now] = [entry(before[record], name), entry(after[record], name)];
      if ((old === undefined) === (now === undefined)) return [];
      const isGone = now === undefined;
      return [
        {
          ...{ what: 'setting', account: null, person: null, effect: isGone ? 'loses' : 'gains' },
          isLooser: isGone && (record === 'refused' || record === 'witnesses'),
          says: `${records[record]} ${name} is ${isGone ? 'gone' : 'new'}`,
        },
      ];
    }),
  );

/** Whether a path lies in an entry that only one of the two has. */
const isInOneOnly = (path: string, before: Config, after: Config): boolean => {
  const [record = '', name = ''] = path.split('.');
  if (!['people', 'accounts', ...Object.keys(records)].includes(record)) return false;
  const has = (config: Config): boolean => {
    const entries: unknown = entry(config, record);
    return typeof entries === 'object' && entries !== null && Object.hasOwn(entries, name);
  };
  return has(before) !== has(after);
};

/** Everything else that changes, by its path: so that no change goes untold. */
export const changesOfSettings = (before: Config, after: Config): ConfigChange[] => {
  const [old, now] = [new Map(leavesOf(before)), new Map(leavesOf(after))];
  const paths = [...new Set([...now.keys(), ...old.keys()])].filter(
    (path) =>
      old.get(path) !== now.get(path) &&
      !told.some((each) => each.test(path)) &&
      !isInOneOnly(path, before, after),
  );
  return [
    ...changesOfDeadlines(before, after),
    ...changesOfEntries(before, after),
    ...paths.map((path): ConfigChange => ({
      ...{ ...about, what: 'setting', account: /^accounts\.([^.]+)/.exec(path)?.[1] ?? null },
      isLooser: telling.some((each) => each.test(path)),
      says: `${path}: ${now.get(path) ?? 'nothing'}, ${old.get(path) ?? 'nothing'} before`,
    })),
  ];
};
