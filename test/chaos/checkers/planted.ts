/** For each checker, something it must find: planted in the system where that can be, else in what is left of it. */
import type { Evidence } from '../evidence.ts';
import type { Sabotage } from '../world.ts';
import type { CheckerName } from './index.ts';

export type Planted =
  { readonly what: Sabotage } | { readonly what: string; readonly alter: (evidence: Evidence) => Evidence };

const withoutUnclaimed = (evidence: Evidence): Evidence => ({
  ...evidence,
  rows: evidence.rows.map((row) => ({
    ...row,
    metadata: {
      ...row.metadata,
      events: (row.metadata.events ?? []).filter(({ event }) => event.type !== 'session-unclaimed'),
    },
  })),
});

export const planted: Readonly<Record<CheckerName, readonly Planted[]>> = {
  '1 no secret in the clear': [{ what: 'a secret in a row' }],
  '2 always a way in': [{ what: 'kratos keeps another password' }],
  '3 every login rings, once recorded': [
    { what: 'a login rings for nobody' },
    { what: 'a login is not recorded' },
  ],
  '3 an undeclared login rings again': [{ what: 'nobody rings for the unclaimed', alter: withoutUnclaimed }],
  '4 nothing owed is lost': [{ what: 'a rotation is forgotten' }],
  '4 every message reaches its channels': [
    {
      what: 'a message is dropped',
      alter: (it) => ({ ...it, taken: it.taken.filter(({ id }) => id !== it.messages[0]?.id) }),
    },
    { what: 'a message is given up once its channel failed' },
    { what: 'a message is noted as taken before it is sent' },
  ],
  '5 nobody alone, nothing forged': [{ what: 'an approval nobody signed' }],
  '6 the chain holds, rows once': [
    {
      what: 'a row is edited',
      alter: (it) => ({
        ...it,
        rows: it.rows.map((row) => (row.seq === 3 ? { ...row, actor_id: 'somebody' } : row)),
      }),
    },
    {
      what: 'a row is written twice',
      alter: (it) => ({ ...it, rows: [...it.rows, ...it.rows.slice(0, 1)] }),
    },
  ],
  '6 no effect without its row': [
    {
      what: 'a workflow that missed a row',
      alter: (it) => ({ ...it, copies: new Map([...it.copies].map(([id]) => [id, null])) }),
    },
  ],
};

export const isSabotage = (it: Planted): it is { readonly what: Sabotage } => !('alter' in it);
