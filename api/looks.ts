/** What the api looks at when doctor asks: the servers that it stands on, and the processes beside it. */
import { askHealth } from '../adapters/askHealth.ts';
import { loadConfigs } from '../adapters/config/load.ts';
import { askDatabaseTime, askWaiting, requireSchema, type createPool } from '../adapters/postgres/index.ts';
import type { BreakglassClient } from '../client/temporal.ts';
import { amiss, well, type Check } from '../core/contracts/checks.ts';
import { reasonOf } from '../core/contracts/failures.ts';
import type { Settings } from '../core/contracts/settings.ts';
import type { Configs } from './deps.ts';
import { LOOK_LIMIT_MS, type Look } from './examine.ts';

export interface LooksDeps {
  readonly settings: Pick<Settings, 'api' | 'configDir' | 'configPin'>;
  readonly pool: Awaited<ReturnType<typeof createPool>>;
  readonly client: Pick<BreakglassClient, 'lastPolled'>;
  /** What the api goes by. */
  readonly configs: () => Pick<Configs, 'current'>;
  readonly now: () => Date;
}

const by = 'api';
/** Seconds. Clocks further apart than this move deadlines and make signatures look stale. */
const WRONG_CLOCK = 5;
/** Seconds. A worker asks its queue again at least once a minute. */
const LONG_UNPOLLED = 150;

const withoutDecisions =
  'logins still ring; cases, accounts and the ledger can be read; nothing is decided, rotated or ended';
const withoutLedger =
  'logins still ring, their rows follow; config commands and keys on people’s machines; nothing is read or decided';

export const createLooks = (deps: LooksDeps): Look[] => [
  {
    id: 'postgres',
    still: withoutLedger,
    remedy: 'start Postgres, then breakglass ledger verify',
    ask: () => postgres(deps),
  },
  {
    id: 'channels',
    still: 'logins ring without Postgres',
    remedy: 'see postgres',
    ask: async () => (await askWaiting(deps.pool)).map(waiting),
  },
  {
    id: 'temporal',
    still: withoutDecisions,
    remedy: 'start Temporal; what waits goes on by itself',
    ask: () => temporal(deps),
  },
  {
    id: 'config/api',
    still: 'everything',
    remedy: 'see the api’s log',
    ask: () => Promise.resolve([config(deps)]),
  },
  peer('worker', deps.settings.api?.workerHealth, withoutDecisions),
  peer(
    'sentinel',
    deps.settings.api?.sentinelHealth,
    'requests, approvals, releases, rotations; no login rings until it is back, then the sweep finds them',
  ),
];

const postgres = async ({ pool, now }: LooksDeps): Promise<Check[]> => {
  await requireSchema(pool);
  const asked = now().getTime();
  const there = (await askDatabaseTime(pool)).getTime();
  const ahead = Math.round(((asked + now().getTime()) / 2 - there) / 1000);
  const clock = { id: 'clock/api', by } as const;
  return [
    well({ id: 'postgres', by }, 'Postgres answers, with the tables of this version'),
    Math.abs(ahead) <= WRONG_CLOCK
      ? well(clock, 'the api’s clock and Postgres’s agree')
      : amiss(clock, 'warning', {
          says: `the api’s clock is ${Math.abs(ahead)} s ${ahead > 0 ? 'ahead of' : 'behind'} Postgres’s`,
          still: 'deadlines: they go by Postgres’s clock',
          remedy: 'set the clock of both machines (timedatectl set-ntp true)',
        }),
  ];
};

const waiting = ({ channel, messages, since, said }: Awaited<ReturnType<typeof askWaiting>>[number]): Check =>
  amiss({ id: `messages/${channel}`, by }, 'broken', {
    says: `${messages} messages wait for the channel ${channel} since ${since}${said === null ? ', never tried' : `; it last said: ${said}`}`.slice(
      0,
      900,
    ),
    still: 'the other channels; what waits is tried again until it is taken',
    remedy: `mend ${channel} or its secret; tell its people by another way meanwhile`,
  });

const temporal = async ({ client, now }: LooksDeps): Promise<Check[]> => {
  const polled = await client.lastPolled();
  const answers = well({ id: 'temporal', by }, 'Temporal answers');
  const of = { id: 'task-queue', by } as const;
  const silentFor = polled === null ? null : Math.round((now().getTime() - polled.getTime()) / 1000);
  if (silentFor !== null && silentFor <= LONG_UNPOLLED) return [answers, well(of, 'a worker asks for work')];
  return [
    answers,
    amiss(of, 'broken', {
      says:
        silentFor === null ? 'no worker asks for work' : `no worker has asked for work for ${silentFor} s`,
      still: withoutDecisions,
      remedy: 'start the worker; what waits goes on by itself',
    }),
  ];
};

/** The folder is read anew: a change that was not taken is told of until it is put right. */
const config = ({ settings, configs }: LooksDeps): Check => {
  const of = { id: 'config/api', by } as const;
  const inForce = configs().current.digest;
  let why: string;
  try {
    const { current } = loadConfigs(settings)();
    if (current.digest === inForce) return well(of, `config ${inForce.slice(0, 12)} is signed and in force`);
    why = `the folder’s last config is ${current.digest.slice(0, 12)}, the api goes by ${inForce.slice(0, 12)}`;
  } catch (error) {
    why = reasonOf(error);
  }
  return amiss(of, 'broken', {
    says: `the api’s config folder does not hold: ${why}`.slice(0, 900),
    still: 'everything, by the config that was in force; an api started anew would not start',
    remedy: 'put the chain back, or the right bundle beside it (docs/operator.md)',
  });
};

/** Whether a process of ours is well; without its address it is not known whether it runs. */
const peer = (name: 'worker' | 'sentinel', url: string | undefined, still: string): Look => ({
  id: name,
  still,
  remedy: `mend what it names; if it does not answer, start the ${name} and find out who stopped it`,
  ask: async () => {
    const of = { id: name, by } as const;
    if (url === undefined)
      return [
        amiss(of, 'unknown', {
          says: `the api is not told where the ${name} answers`,
          remedy: `name api.${name}Health in the api’s settings`,
        }),
      ];
    const why = await askHealth(url, LOOK_LIMIT_MS);
    if (why !== null) throw new Error(`it ${why}`);
    return [well(of, `the ${name} answers`)];
  },
});
