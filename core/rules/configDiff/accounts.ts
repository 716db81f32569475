import type { Account, Config } from '../../contracts/config.ts';
import { parts } from '../../contracts/ids.ts';
import { holders } from '../holders.ts';
import { entry, moves, namesOf, type ConfigChange } from './change.ts';

/** Lists of an account: who or what is new in one may do what it could not before. */
const lists = {
  use: {
    of: (account: Account): readonly string[] => account.principals,
    gains: (name: string, id: string) => `${name} may ask for ${id} and use it`,
    loses: (name: string, id: string) => `${name} may no longer ask for ${id}`,
  },
  own: {
    of: (account: Account): readonly string[] => account.owners,
    gains: (name: string, id: string) =>
      `${name} owns ${id}: may provision it, rotate it and override what blocks it`,
    loses: (name: string, id: string) => `${name} no longer owns ${id}`,
  },
  scenario: {
    of: (account: Account): readonly string[] => account.scenarios,
    gains: (name: string, id: string) => `${id} may be opened for ${name}`,
    loses: (name: string, id: string) => `${id} may no longer be opened for ${name}`,
  },
} as const;

const approvers = (config: Config, account: Account | undefined): string[] =>
  account === undefined ? [] : holders(config, account.quorum.role);

const ofCustody = (id: string, before: Account | undefined, after: Account | undefined): ConfigChange[] =>
  parts.flatMap((part) => {
    const [old, now] = [before?.custody[part], after?.custody[part]];
    const custodians = moves(old?.custodians ?? [], now?.custodians ?? []).map(
      ({ name, effect }): ConfigChange => ({
        ...{ what: 'custody', account: id, person: name, effect, isLooser: effect === 'gains' },
        says:
          effect === 'gains'
            ? `${name} gets a share of the ${part} of ${id} when it is next sealed`
            : `${name} gets no share of the ${part} of ${id} when it is next sealed; the one now held is good until then`,
      }),
    );
    if (old === undefined || now === undefined || old.threshold === now.threshold) return custodians;
    const threshold: ConfigChange = {
      ...{ what: 'threshold', account: id, person: null, effect: 'changes' },
      isLooser: now.threshold < old.threshold,
      says: `${now.threshold} shares open the ${part} of ${id} once it is sealed again, ${old.threshold} before`,
    };
    return [...custodians, threshold];
  });

const ofQuorum = (id: string, before: Account, after: Account): ConfigChange[] => {
  const about = { what: 'quorum', account: id, person: null, effect: 'changes' } as const;
  const [{ need: had, role: was }, { need, role }] = [before.quorum, after.quorum];
  return [
    ...(need === had
      ? []
      : [{ ...about, isLooser: need < had, says: `${need} must agree to open ${id}, ${had} before` }]),
    ...(role === was
      ? []
      : [{ ...about, isLooser: true, says: `people of role ${role} agree to open ${id}, ${was} before` }]),
  ];
};

/** Who may use, approve, open and own each account, and what it takes. */
export const changesOfAccounts = (before: Config, after: Config): ConfigChange[] =>
  namesOf(before.accounts, after.accounts).flatMap((id) => {
    const [old, now] = [entry(before.accounts, id), entry(after.accounts, id)];
    const ofLists = (['use', 'own', 'scenario'] as const).flatMap((what) => {
      const { of, ...says } = lists[what];
      return moves(old === undefined ? [] : of(old), now === undefined ? [] : of(now)).map(
        ({ name, effect }): ConfigChange => ({
          ...{ what, account: id, person: what === 'scenario' ? null : name, effect },
          ...{ isLooser: effect === 'gains', says: says[effect](name, id) },
        }),
      );
    });
    const signing = moves(approvers(before, old), approvers(after, now)).map(
      ({ name, effect }): ConfigChange => ({
        ...{ what: 'approve', account: id, person: name, effect, isLooser: effect === 'gains' },
        says: `${name}’s signature ${effect === 'gains' ? 'counts' : 'no longer counts'} toward opening ${id}`,
      }),
    );
    const whole = (effect: 'gains' | 'loses', says: string): ConfigChange => ({
      ...{ what: 'account', account: id, person: null, isLooser: false },
      ...{ effect, says },
    });
    const isNew = old === undefined ? [whole('gains', `${id} is new`)] : [];
    const isGone = now === undefined ? [whole('loses', `${id} is gone: it can be asked for no more`)] : [];
    const quorum = old === undefined || now === undefined ? [] : ofQuorum(id, old, now);
    return [...isNew, ...isGone, ...ofLists, ...quorum, ...signing, ...ofCustody(id, old, now)];
  });
