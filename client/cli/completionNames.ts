/** Names to complete: from the api within a moment, else from the pinned config. Nobody is ever asked anything. */
import { readFile } from 'node:fs/promises';
import { casesPage, type CaseView } from '../../core/contracts/http.ts';
import type { Config } from '../../core/contracts/config.ts';
import { parts } from '../../core/contracts/ids.ts';
import { writeUpHeadings } from '../../core/rules/case/decide.ts';
import { kinds, phases } from '../../core/rules/case/state.ts';
import { createApi } from './api.ts';
import { isFinal } from './caseName.ts';
import type { NamesOf } from './completion.ts';
import { shells } from './completionScripts.ts';
import { followConfig, readPinned } from './configPin.ts';
import type { Context } from './context.ts';
import { answerChallenge } from './signIn.ts';

export type NameKind =
  | 'account'
  | 'case'
  | 'any case'
  | 'case or account'
  | 'any case or account'
  | 'scenario'
  | 'condition'
  | 'person'
  | 'part'
  | 'phase'
  | 'kind'
  | 'document'
  | 'shell';

export interface Named {
  readonly name: string;
  readonly says: string;
}

interface Known {
  readonly config: Config | null;
  readonly cases: readonly CaseView[];
}

/** In milliseconds, for all that the api is asked: a person waits for the Tab key. */
const PATIENCE = 1_500;

const fixed: Partial<Record<NameKind, readonly string[]>> = {
  part: parts,
  phase: phases,
  kind: kinds,
  document: Object.keys(writeUpHeadings),
  shell: shells,
};

/** Names for `complete`; where nothing can be known there are none, and never an error. */
export const completionNames =
  (context: Context): NamesOf =>
  async (kind, given) => {
    const words = fixed[kind];
    if (words !== undefined) return words.map((name) => ({ name, says: '' }));
    const { config, cases } = await look(context);
    const told = cases
      .filter((each) => kind.startsWith('any') || !isFinal(each))
      .map((each) => ({ name: each.case.replace(/^case\//, ''), says: aboutCase(each) }));
    const accounts = Object.entries(config?.accounts ?? {}).map(([name, { says }]) => ({ name, says }));
    switch (kind) {
      case 'case':
      case 'any case':
        return told;
      case 'case or account':
      case 'any case or account':
        return [...accounts, ...told];
      case 'account':
        return accounts;
      case 'person':
        return Object.entries(config?.people ?? {}).map(([name, person]) => ({ name, says: person.name }));
      default:
        return config === null ? [] : ofScenarios(kind, config, given);
    }
  };

const ofScenarios = (kind: NameKind, { scenarios }: Config, given: Parameters<NamesOf>[1]): Named[] => {
  if (kind === 'scenario') return Object.entries(scenarios).map(([name, { says }]) => ({ name, says }));
  const chosen = given.get('--scenario')?.at(-1);
  const stated = given.get('--condition') ?? [];
  return Object.entries(scenarios)
    .filter(([name]) => chosen === undefined || name === chosen)
    .flatMap(([, { conditions }]) => Object.entries(conditions))
    .filter(([name]) => !stated.includes(name))
    .map(([name, says]) => ({ name, says }));
};

const aboutCase = ({ phase, by, scenario }: CaseView): string =>
  [phase, ...(by === null ? [] : [`by ${by}`]), ...(scenario === null ? [] : [scenario])].join(', ');

const look = async (context: Context): Promise<Known> => {
  try {
    return await ask(context);
  } catch {
    // Away, slow, not to be believed, or a key that needs its owner: the command itself will say so.
  }
  try {
    return { config: (await readPinned(context.home))?.current.config ?? null, cases: [] };
  } catch {
    return { config: null, cases: [] };
  }
};

const ask = async ({ home, surroundings, now }: Context): Promise<Known> => {
  const profile = await home.profile();
  if (await needsTouch(profile.sshKey)) throw new Error('a security key would want to be touched');
  const limit = AbortSignal.timeout(PATIENCE);
  const api = createApi({
    url: profile.api,
    person: profile.person,
    answerChallenge: (challenge) => answerChallenge(challenge, profile, now(), limit),
    surroundings: {
      ...surroundings,
      fetch: (to, init) => surroundings.fetch(to, { ...init, signal: limit }),
    },
  });
  const { current } = await followConfig(home, api);
  const { cases } = await api.get('/v1/cases', casesPage);
  return { config: current.config, cases };
};

/** Whether signing wants a finger, by the public half beside the key. */
const needsTouch = async (keyFile: string): Promise<boolean> => {
  const text = await readFile(keyFile.endsWith('.pub') ? keyFile : `${keyFile}.pub`, 'utf8').catch(() => '');
  return text.startsWith('sk-');
};
