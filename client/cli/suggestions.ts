/** An api that, asked for an account or a case there is not, names the one that was probably meant. */
import { accountsAnswer, casesPage } from '../../core/contracts/http.ts';
import { didYouMean } from '../../core/rules/nearest.ts';
import type { Api } from './api.ts';
import { CliError, exits } from './exits.ts';

/** @returns the api, whose `not-found` says at its end what was meant, or what there is */
export const withSuggestions = (api: Api): Api => ({
  ...api,
  get: async (path, schema) => {
    try {
      return await api.get(path, schema);
    } catch (error) {
      if (!(error instanceof CliError) || error.exit !== exits.notFound) throw error;
      const meant = await suggestion(api, path);
      const message = meant === null ? error.message : `${error.message}; ${meant}`;
      throw new CliError(error.exit, error.code, message, error.next);
    }
  },
});

const suggestion = async (api: Api, path: string): Promise<string | null> => {
  const [, account = '', number] = /^\/v1\/(?:accounts|cases)\/([^/?]+)(?:\/([^/?]+))?/.exec(path) ?? [];
  try {
    const { accounts } = await api.get('/v1/accounts', accountsAnswer);
    const names = accounts.map((each) => each.account);
    if (!names.some((each) => each === account)) return didYouMean(account, names);
    if (number === undefined) return null;
    const { cases } = await api.get(`/v1/cases?account=${account}`, casesPage);
    const shortNames = cases.map((each) => each.case.replace(/^case\//, ''));
    return didYouMean(`${account}/${number}`, shortNames);
  } catch (error) {
    // What was asked for is not there: that stands, with or without a hint.
    if (error instanceof CliError) return null;
    throw error;
  }
};
