/** Where in a rotation the worker is killed. */
import type { StepName } from '../../../activities/rotation/steps.ts';
import type { Point } from './gate.ts';

/** A step by its name in the ledger; a rotation that provisions makes the identity besides, which is none of its own. */
export type KillStep = StepName | 'identity made';

/** A step, and at which moment of it the worker is killed. */
export interface Kill extends Point {
  readonly step: KillStep;
  readonly at:
    | `before the ${'' | 'second '}effect`
    | `after the ${'' | 'second '}effect, before the row`
    | 'after the row'
    | `${'before' | 'after'} what follows the row`;
  /** Here the attempt waits while something is planted: without it, the effect would not be there. */
  readonly plantedAt?: Point;
}

type Effect = Pick<Kill, 'call' | 'nth' | 'plantedAt'>;
interface Effects {
  /** What changes the world before the step's row is written; none where the row itself is all there is. */
  readonly calls: readonly Effect[];
  /** What still belongs to the step once its row is written. */
  readonly then?: Effect;
}

/** After the identity was given its shape back once, before that is done again. */
const plantedAt: Point = { call: 'second factor', when: 'after' };

/** What changes the world in each step, by the names of its calls, in the order of the steps. */
const effects = {
  narrowed: { calls: [] },
  'password-sealed': { calls: [{ call: 'seal' }] },
  'password-set': { calls: [{ call: 'put identity' }] },
  'password-logged-in': { calls: [{ call: 'log in' }] },
  'totp-deleted': { calls: [{ call: 'delete totp' }] },
  'mfa-sealed': { calls: [{ call: 'seal', nth: 2 }] },
  'mfa-confirmed': { calls: [{ call: 'confirm totp' }] },
  // Its row names the session; only then is that session lifted to aal2.
  'second-factor-logged-in': { calls: [{ call: 'log in', nth: 2 }], then: { call: 'second factor' } },
  'shape-restored': {
    calls: [
      { call: 'delete credential', plantedAt },
      { call: 'put identity', plantedAt },
    ],
  },
  'sessions-ended': { calls: [{ call: 'end session' }] },
  proven: { calls: [] },
} as const satisfies Readonly<Record<StepName, Effects>>;

const around = (step: KillStep, effect: Effect, n = 0): Kill[] => {
  const which = n === 0 ? '' : 'second ';
  return [
    { step, at: `before the ${which}effect`, ...effect, when: 'before' },
    { step, at: `after the ${which}effect, before the row`, ...effect, when: 'after' },
  ];
};

const killsOf = (step: StepName, { calls, then }: Effects): Kill[] => {
  const call = `row ${step}`;
  return [
    ...(calls.length === 0
      ? [{ step, at: 'before the effect', call, when: 'before' } as const]
      : calls.flatMap((effect, n) => around(step, effect, n))),
    { step, at: 'after the row', call, when: 'after' },
    ...(then === undefined
      ? []
      : (['before', 'after'] as const).map((when): Kill => ({
          step,
          at: `${when} what follows the row`,
          ...then,
          when,
        }))),
  ];
};

/** Every step × kill of an account's rotation, in the order in which it meets them. */
export const everyKill: readonly Kill[] = (
  Object.entries(effects) as readonly (readonly [StepName, Effects])[]
).flatMap(([step, its]) => killsOf(step, its));

/** Those that only the rotation meets that provisions an account: the password is set as the identity is made. */
export const firstKills: readonly Kill[] = around('identity made', { call: 'create identity' });
