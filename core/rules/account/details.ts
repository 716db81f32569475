import { accountDetails } from '../../contracts/consoleText.ts';
import type { AccountState } from './state.ts';

/** What Temporal's console shows of an account: no names, no reasons. */
export const detailsOfAccount = ({ pair, openCase, undeclared, rotation }: AccountState): string =>
  accountDetails({
    isProvisioned: pair !== null,
    cases: [...(openCase === null ? [] : [openCase.case]), ...undeclared.map((each) => each.case)],
    rotation: rotation?.id ?? null,
  });
