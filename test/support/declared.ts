import { isDeclared, type CaseState, type DeclaredCase } from '../../core/rules/case/state.ts';

/** A case that somebody asked for: what a test about requests is about. @throws if nobody did */
export const declared = (state: CaseState | null): DeclaredCase => {
  if (state === null || !isDeclared(state)) throw new Error('nobody asked for this case');
  return state;
};
