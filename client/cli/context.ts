/** What every command is given: the surroundings, where to write, and the person's own folder. */
import type { Command } from 'commander';
import { createApi, type Api } from './api.ts';
import { withSuggestions } from './suggestions.ts';
import { createHome, type Home, type Profile } from './home.ts';
import { createOutput, type Output } from './output.ts';
import { answerChallenge } from './signIn.ts';
import type { Surroundings } from './surroundings.ts';

export interface Context {
  readonly surroundings: Surroundings;
  readonly out: Output;
  readonly home: Home;
  /** UTC. */
  readonly now: () => string;
  /** The profile and the api it names; signing in happens at the first read. */
  readonly connect: () => Promise<{ readonly profile: Profile; readonly api: Api }>;
}

/** A command's file: adds itself to the program. */
export type AddCommand = (program: Command, context: Context) => void;

export const createContext = (surroundings: Surroundings, isJson: () => boolean): Context => {
  const home = createHome(surroundings.env);
  const now = (): string => surroundings.now().toISOString();
  let connection: ReturnType<Context['connect']> | undefined;
  const connect: Context['connect'] = async () => {
    const profile = await home.profile();
    const api = withSuggestions(
      createApi({
        url: profile.api,
        person: profile.person,
        answerChallenge: (challenge) => answerChallenge(challenge, profile, now()),
        surroundings,
      }),
    );
    return { profile, api };
  };
  return {
    surroundings,
    home,
    now,
    out: createOutput(surroundings, isJson),
    // One sign-in a run; the token is kept in memory only.
    connect: () => (connection ??= connect()),
  };
};

/** Examples under a command's help. */
export const withExamples = (command: Command, ...examples: readonly string[]): Command =>
  command.addHelpText('after', `\nExamples:\n${examples.map((each) => `  $ breakglass ${each}`).join('\n')}`);
