/** Which person of a config signed a text, if any: the one place where keys become people. */
import type { Config, Person } from '../contracts/config.ts';
import type { PersonId } from '../contracts/ids.ts';
import { isSameSshKey, parseSshPublicKey, SshKeyError, type SshPublicKey } from './sshKeys.ts';

/** A person of the config; undefined for names that only look like members, such as `constructor`. */
export function personOf(config: Config, id: string): Person | undefined {
  return Object.hasOwn(config.people, id) ? config.people[id as PersonId] : undefined;
}

/** A person's usable keys. A line that is no key (an older check let it pass) signs nothing. */
export function keysOf(person: Person): SshPublicKey[] {
  return person.sshKeys.flatMap((line) => {
    try {
      return [parseSshPublicKey(line)];
    } catch (error) {
      if (error instanceof SshKeyError) return [];
      throw error;
    }
  });
}

/** Keys that a person holds in both of two configs. */
export function keysInBoth(one: Person, other: Person): SshPublicKey[] {
  const others = keysOf(other);
  return keysOf(one).filter((key) => others.some((each) => isSameSshKey(each, key)));
}
