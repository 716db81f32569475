import type { ConfigDraft } from '../../contracts/configDraft.ts';
import { warning, type ConfigFinding } from './finding.ts';

/** How long a signed statement is good for at most, in seconds. */
const longestLife = 24 * 3600;

type Name = keyof NonNullable<ConfigDraft['deadlines']>;

/** Two deadlines of which the first has to pass before the second; or only just as late. */
interface Order {
  readonly first: Name;
  readonly then: Name;
  readonly mayBeEqual: boolean;
  readonly otherwise: string;
}

const orders: readonly Order[] = [
  {
    ...{ first: 'claim', then: 'session', mayBeEqual: true },
    otherwise: 'a login may stay unclaimed for longer than one is waited for',
  },
  {
    ...{ first: 'sighting', then: 'session', mayBeEqual: false },
    otherwise: 'a released case expires before its silence could ring',
  },
  {
    ...{ first: 'sessionLog', then: 'postMortem', mayBeEqual: true },
    otherwise: 'the session log is due after the post-mortem built on it',
  },
  {
    ...{ first: 'refusals', then: 'postMortem', mayBeEqual: true },
    otherwise: 'the post-mortem is due before it is known whether the old credential is dead',
  },
];

/** Deadlines that overlap: one has passed before another that it waits for. */
export const checkDeadlines = ({ deadlines }: ConfigDraft): ConfigFinding[] => {
  if (deadlines === undefined) return [];
  const lives = (['request', 'release'] as const).flatMap((name) =>
    (deadlines[name] ?? 0) > longestLife
      ? [
          warning(
            ['deadlines', name],
            'longer than the 24 hours a signature is good for',
            `write ${longestLife} or less`,
          ),
        ]
      : [],
  );
  const overlaps = orders.flatMap(({ first, then, mayBeEqual, otherwise }) => {
    const [sooner, later] = [deadlines[first], deadlines[then]];
    if (sooner === undefined || later === undefined) return [];
    if (mayBeEqual ? sooner <= later : sooner < later) return [];
    const most = mayBeEqual ? later : later - 1;
    return [warning(['deadlines', first], otherwise, `write ${most} or less, or a longer ${then}`)];
  });
  return [...lives, ...overlaps];
};
