/** For each checker, something it must find: planted in the system where that can be, else in what is left of it. */
import type { Row } from '../../../core/contracts/ledger.ts';
import type { Envelope } from '../../../core/contracts/statements.ts';
import type { Evidence } from '../evidence.ts';
import type { Sabotage } from '../world.ts';
import type { CheckerName } from './index.ts';

export type Planted =
  { readonly what: Sabotage } | { readonly what: string; readonly alter: (evidence: Evidence) => Evidence };

type Alteration = Extract<Planted, { readonly alter: unknown }>;
type AnyEvent = NonNullable<Row['metadata']['events']>[number]['event'];

const withRows = (it: Evidence, alter: (row: Row) => Row): Evidence => ({ ...it, rows: it.rows.map(alter) });
/** The rows without some of their events. */
const withoutEvents = (evidence: Evidence, isGone: (event: AnyEvent) => boolean): Evidence =>
  withRows(evidence, (row) => ({
    ...row,
    metadata: {
      ...row.metadata,
      events: (row.metadata.events ?? []).filter(({ event }) => !isGone(event)),
    },
  }));
const withFirst = <T>([first, ...rest]: readonly T[], alter: (it: T) => T): T[] =>
  first === undefined ? [] : [alter(first), ...rest];

/** The first approval, with something else as its proof. */
const withApproval = (
  it: Evidence,
  alter: (envelope: Envelope, others: readonly Envelope[]) => Envelope | undefined,
): Evidence => {
  const isApproval = ({ result, metadata: { events = [] } }: Row): boolean =>
    result === 'success' && events.some(({ event }) => event.type === 'approved');
  const [first, ...others] = it.rows.filter(isApproval);
  const proofs = others.flatMap(({ metadata: { envelope } }) => (envelope === undefined ? [] : [envelope]));
  return withRows(it, (row) => {
    const { envelope, ...metadata } = row.metadata;
    if (row.seq !== first?.seq || envelope === undefined) return row;
    const proof = alter(envelope, proofs);
    return { ...row, metadata: proof === undefined ? metadata : { ...metadata, envelope: proof } };
  });
};

export const planted: Readonly<Record<CheckerName, readonly Planted[]>> = {
  '1 no secret in the clear': [
    { what: 'a secret in a row' },
    {
      what: 'a password in a log',
      alter: (it) => ({ ...it, said: [...it.said, `kratos refused ${it.secrets.at(-1) ?? ''}`] }),
    },
  ],
  '2 always a way in': [
    { what: 'kratos keeps another password' },
    {
      what: 'a pair that does not open',
      alter: (it) => ({ ...it, waysIn: withFirst(it.waysIn, (look) => ({ ...look, opens: false })) }),
    },
    {
      what: 'a third generation is named',
      alter: (it) => ({
        ...it,
        waysIn: withFirst(it.waysIn, (look) => ({ ...look, named: { password: 3, mfa: 1 } })),
      }),
    },
  ],
  '3 every login rings, once recorded': [
    { what: 'a login rings for nobody' },
    { what: 'a login is not recorded' },
    {
      what: 'a channel that no alarm of a login reached',
      alter: (it) => ({
        ...it,
        taken: it.taken.filter(
          ({ id, channel }) =>
            id !== `alarm/${it.logins.at(-1)?.sighting}` || channel !== it.config.security.channels[0],
        ),
      }),
    },
    {
      what: 'a login without its row',
      alter: (it) =>
        withoutEvents(
          it,
          (event) => event.type === 'session-sighted' && event.sighting.id === it.logins.at(-1)?.sighting,
        ),
    },
    { what: 'a login that never was', alter: (it) => ({ ...it, logins: it.logins.slice(1) }) },
  ],
  '3 an undeclared login rings again': [
    {
      what: 'nobody rings for the unclaimed',
      alter: (it) => withoutEvents(it, ({ type }) => type === 'session-unclaimed'),
    },
  ],
  '4 nothing owed is lost': [
    { what: 'a rotation is forgotten' },
    {
      what: 'a case without its rotation',
      alter: (it) => withoutEvents(it, ({ type }) => type === 'rotated'),
    },
    { what: 'a case that never ends', alter: (it) => withoutEvents(it, ({ type }) => type === 'closed') },
  ],
  '4 every message reaches its channels': [
    {
      what: 'a message is dropped',
      alter: (it) => ({ ...it, taken: it.taken.filter(({ id }) => id !== it.messages[0]?.id) }),
    },
    { what: 'a message is given up once its channel failed' },
    { what: 'a message is noted as taken before it is sent' },
  ],
  '5 nobody alone, nothing forged': [
    { what: 'an approval nobody signed' },
    { what: 'an approval without its signature', alter: (it) => withApproval(it, () => undefined) },
    {
      what: "an approval under another's signature",
      alter: (it) => withApproval(it, (mine, [other = mine]) => ({ ...mine, signature: other.signature })),
    },
  ],
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
export const isAlteration = (it: Planted): it is Alteration => 'alter' in it;
