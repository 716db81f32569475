import type { Holding } from '../core/contracts/access.ts';
import { accountOf, caseId } from '../core/contracts/ids.ts';
import type { Row } from '../core/contracts/ledger.ts';
import type { CaseState } from '../core/rules/case/state.ts';
import { foldCase } from '../core/rules/streams.ts';
import type { Reader } from './deps.ts';
import { problemOf } from './problems.ts';
import { holdingsByConfig, holdingsInCase, requireRead, type Viewer } from './viewer.ts';

export interface FoundCase {
  readonly state: CaseState;
  readonly rows: readonly Row[];
  /** What the viewer is to it. */
  readonly holdings: ReadonlySet<Holding>;
}

/** The case that an address names. Throws ApiProblem 404, or 403 for one who may not know which there are. */
export const findCaseIn =
  (reader: Reader) =>
  async (
    viewer: Viewer,
    { account, number }: { readonly account: string; readonly number: string },
  ): Promise<FoundCase> => {
    const id = caseId.parse(`case/${account}/${number}`);
    const rows = await reader.rowsOfCase(id);
    const state = foldCase(rows, id);
    if (state !== null) return { state, rows, holdings: holdingsInCase(viewer, state) };
    // Whoever may not read the account's cases is not told which there are.
    requireRead('cases', holdingsByConfig(viewer, accountOf(id)));
    throw problemOf('not-found', `there is no ${id}`);
  };
