import { caseDetails } from '../../contracts/consoleText.ts';
import { isOwed } from '../obligations.ts';
import { nextOfCase } from './due.ts';
import type { CaseState } from './state.ts';

/** What Temporal's console shows of a case: no names, no reasons. What is overdue is what has climbed. */
export const detailsOfCase = (state: CaseState): string => {
  const owed = state.obligations.filter(isOwed);
  return caseDetails({
    phase: state.phase,
    owed: owed.map(({ kind }) => kind),
    overdue: owed.filter(({ escalated }) => escalated).map(({ kind }) => kind),
    next: nextOfCase(state),
  });
};
