import type { ConfigDraft } from '../../contracts/configDraft.ts';
import type { Role } from '../../contracts/config.ts';
import { error, hasHoles, readable, unknownIn, warning, type ConfigFinding, type Path } from './finding.ts';

/** An SSH key without its comment: what two lines are compared by. */
const keyOf = (line: string): string => line.trim().split(/\s+/).slice(0, 2).join(' ');

/** What the examples hold where keys go: told by its shape, and not a key that two people share. */
const isPlaceholder = (key: string): boolean => key.startsWith('<');

/**
 * People who hold a role, or may: whose roles cannot all be read may hold any. So nobody is missed for a fault
 * that is told already.
 */
export const mayHold = (people: NonNullable<ConfigDraft['people']>, role: Role): string[] =>
  Object.entries(people).flatMap(([id, person]) =>
    hasHoles(person?.roles) || readable(person?.roles).includes(role) ? [id] : [],
  );

const checkKeys = (draft: ConfigDraft): ConfigFinding[] => {
  const holders = new Map<string, string>();
  const held = (id: string, key: string, path: Path, what: string): ConfigFinding[] => {
    const holder = holders.get(key);
    holders.set(key, holder ?? id);
    if (holder === undefined || isPlaceholder(key)) return [];
    if (holder === id) return [warning(path, `${id} lists this ${what} twice`, 'leave one out')];
    return [
      error(
        path,
        `${holder} has the same ${what}: nobody may sign or open for another`,
        `give ${id} one of their own (breakglass keygen)`,
      ),
    ];
  };
  const worker = draft.worker?.sshKey;
  if (worker !== undefined) holders.set(keyOf(worker), 'the worker');
  return Object.entries(draft.people ?? {}).flatMap(([id, person]) => [
    ...(person?.sshKeys ?? []).flatMap((line, index) =>
      line === undefined ? [] : held(id, keyOf(line), ['people', id, 'sshKeys', index], 'ssh key'),
    ),
    ...(person?.ageRecipient === undefined
      ? []
      : held(id, person.ageRecipient, ['people', id, 'ageRecipient'], 'age recipient')),
  ]);
};

const isTimeZone = (name: string): boolean => {
  try {
    Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch (fault) {
    if (fault instanceof RangeError) return false;
    throw fault;
  }
};

const checkZones = ({ people }: ConfigDraft): ConfigFinding[] =>
  Object.entries(people ?? {}).flatMap(([id, person]) =>
    person?.timezone === undefined || isTimeZone(person.timezone)
      ? []
      : [
          error(
            ['people', id, 'timezone'],
            `no time zone is named ${person.timezone}`,
            'write an IANA name, such as Europe/Berlin',
          ),
        ],
  );

const checkAdmins = ({ people }: ConfigDraft): ConfigFinding[] => {
  if (people === undefined) return [];
  const admins = mayHold(people, 'admin').length;
  const instead = 'give one more person the role admin';
  if (admins < 2)
    return [
      error(['people'], `${admins} of role admin: two are needed to change this config ever again`, instead),
    ];
  return admins === 2
    ? [warning(['people'], 'two of role admin: with one away this config cannot be changed', instead)]
    : [];
};

/** Keys that are nobody else's, channels and time zones that exist, and admins enough to change the config again. */
export const checkPeople = (draft: ConfigDraft): ConfigFinding[] => [
  ...checkKeys(draft),
  ...Object.entries(draft.people ?? {}).flatMap(([id, person]) =>
    unknownIn(draft.channels, 'channel', ['people', id, 'channels'], person?.channels),
  ),
  ...checkZones(draft),
  ...checkAdmins(draft),
];
