import { readers } from '../../contracts/access.ts';
import type { Config, Person, Role } from '../../contracts/config.ts';
import { entry, moves, namesOf, type ConfigChange } from './change.ts';

/** What a role lets people do, whatever the account. */
const powers: readonly {
  readonly what: ConfigChange['what'];
  readonly roles: readonly string[];
  readonly gains: string;
  readonly loses: string;
}[] = [
  { what: 'sign', roles: ['admin'], gains: 'may sign configs', loses: 'may no longer sign configs' },
  {
    ...{ what: 'told', roles: ['admin', 'oncall', 'security'] },
    ...{ gains: 'is named in alarms and may stop a use', loses: 'is no longer named in alarms' },
  },
  {
    ...{ what: 'told', roles: ['admin', 'oncall'] },
    ...{ gains: 'hears of what is overdue', loses: 'no longer hears of what is overdue' },
  },
  {
    ...{ what: 'read', roles: readers.ledger },
    ...{ gains: 'may read the ledger', loses: 'may no longer read the ledger' },
  },
];

/** A key as people tell it from another: its kind, its end, and what is written beside it. */
const shortKey = (line: string): string => {
  const [kind = '', blob = '', ...comment] = line.trim().split(/\s+/);
  return `${kind} …${blob.slice(-8)}${comment.length === 0 ? '' : ` (${comment.join(' ')})`}`;
};

const holdsOne = (roles: readonly Role[], of: readonly string[]): boolean =>
  roles.some((role) => of.includes(role));

const ofPerson = (id: string, before: Person | undefined, after: Person | undefined): ConfigChange[] => {
  const about = { account: null, person: id, isLooser: false } as const;
  const changes: ConfigChange[] = [];
  const tell = (change: Omit<ConfigChange, 'account' | 'person' | 'isLooser'>, isLooser = false): void => {
    changes.push({ ...about, ...change, isLooser });
  };
  if (before === undefined) tell({ what: 'person', effect: 'gains', says: `${id} is new` });
  if (after === undefined) tell({ what: 'person', effect: 'loses', says: `${id} is gone` });
  for (const { name, effect } of moves(before?.roles ?? [], after?.roles ?? []))
    tell({
      what: 'role',
      effect,
      says: `${id} has the role ${name}${effect === 'gains' ? '' : ' no longer'}`,
    });
  for (const { what, roles, gains, loses } of powers) {
    const [had, has] = [holdsOne(before?.roles ?? [], roles), holdsOne(after?.roles ?? [], roles)];
    if (!had && has) tell({ what, effect: 'gains', says: `${id} ${gains}` }, what === 'sign');
    if (had && !has) tell({ what, effect: 'loses', says: `${id} ${loses}` });
  }
  for (const { name, effect } of moves(before?.sshKeys ?? [], after?.sshKeys ?? [])) {
    const gains = `whoever holds the key ${shortKey(name)} may sign as ${id}`;
    const says = effect === 'gains' ? gains : `the key ${shortKey(name)} no longer signs as ${id}`;
    tell({ what: 'key', effect, says }, effect === 'gains');
  }
  if (before !== undefined && after !== undefined && before.ageRecipient !== after.ageRecipient) {
    const says = `what is sealed for ${id} is sealed to another recipient, ${after.ageRecipient.slice(0, 12)}…`;
    tell({ what: 'key', effect: 'changes', says }, true);
  }
  for (const { name, effect } of moves(before?.channels ?? [], after?.channels ?? []))
    tell({ what: 'told', effect, says: `${id} is ${effect === 'gains' ? '' : 'no longer '}told on ${name}` });
  return changes;
};

/** Who is new and who is gone; what their roles, keys and channels come to. */
export const changesOfPeople = (before: Config, after: Config): ConfigChange[] => [
  ...namesOf(before.people, after.people).flatMap((id) =>
    ofPerson(id, entry(before.people, id), entry(after.people, id)),
  ),
  ...moves(before.security.channels, after.security.channels).map(({ name, effect }): ConfigChange => ({
    ...{ what: 'told', account: null, person: null, effect, isLooser: effect === 'loses' },
    says: `logins ${effect === 'gains' ? '' : 'no longer '}ring on ${name}`,
  })),
];
