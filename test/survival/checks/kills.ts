/** Where in a rotation the worker is killed. */
import type { Point } from './gate.ts';

/** A step, and at which moment of it the worker is killed. */
export interface Kill extends Point {
  readonly step: string;
  readonly at:
    | `before the ${'' | 'second '}effect`
    | `after the ${'' | 'second '}effect, before the row`
    | 'after the row';
  /** Here the attempt waits while something is planted: without it, the effect would not be there. */
  readonly plantedAt?: Point;
}

type Effect = Pick<Kill, 'call' | 'nth' | 'plantedAt'>;

/** After the identity was given its shape back once, before that is done again. */
const plantedAt: Point = { call: 'second factor', when: 'after' };

/** What changes the world in each step, by the names of its calls; none where the row itself is all there is. */
const effects: readonly (readonly [step: string, ...Effect[]])[] = [
  ['narrowed'],
  ['password-sealed', { call: 'seal' }],
  ['password-set', { call: 'put identity' }],
  ['password-logged-in', { call: 'log in' }],
  ['totp-deleted', { call: 'delete totp' }],
  ['mfa-sealed', { call: 'seal', nth: 2 }],
  ['mfa-confirmed', { call: 'confirm totp' }],
  ['second-factor-logged-in', { call: 'log in', nth: 2 }],
  ['shape-restored', { call: 'delete credential', plantedAt }, { call: 'put identity', plantedAt }],
  ['sessions-ended', { call: 'end session' }],
  ['proven'],
];

const around = (step: string, effect: Effect, n = 0): Kill[] => {
  const which = n === 0 ? '' : 'second ';
  return [
    { step, at: `before the ${which}effect`, ...effect, when: 'before' },
    { step, at: `after the ${which}effect, before the row`, ...effect, when: 'after' },
  ];
};

/** Every step × kill of an account's rotation, in the order in which it meets them. */
export const everyKill: readonly Kill[] = effects.flatMap(([step, ...calls]): Kill[] => {
  const call = `row ${step}`;
  return [
    ...(calls.length === 0
      ? [{ step, at: 'before the effect', call, when: 'before' } as const]
      : calls.flatMap((effect, n) => around(step, effect, n))),
    { step, at: 'after the row', call, when: 'after' },
  ];
});

/** Those that only the rotation meets that provisions an account: the password is set as the identity is made. */
export const firstKills: readonly Kill[] = around('identity made', { call: 'create identity' });
