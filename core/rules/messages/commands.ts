import type { ObligationKind } from '../../contracts/events.ts';
import type { AccountId, CaseId } from '../../contracts/ids.ts';

/** The command lines that messages and views name: one table, so that a renamed command is renamed once. */
export const commands = {
  request: (account: AccountId) => `breakglass request ${account}`,
  approve: (id: CaseId) => `breakglass approve ${id}`,
  release: (id: CaseId) => `breakglass release ${id}`,
  open: (id: CaseId) => `breakglass open ${id} --login`,
  status: (id: CaseId | AccountId) => `breakglass status ${id}`,
  attest: (id: CaseId | AccountId) => `breakglass attest ${id} --kept-at PLACE`,
  writeUp: (id: CaseId, document: 'session-log' | 'post-mortem') =>
    `breakglass write-up ${id} --document ${document}`,
  refusals: (id: CaseId) => `breakglass end ${id} --resume`,
  finding: (id: CaseId, finding = 'FINDING') =>
    `breakglass finding ${id} ${finding} --explained --reason WHY`,
  provision: (account: AccountId) => `breakglass provision ${account}`,
  rotate: (account: AccountId) => `breakglass rotate ${account} --reason WHY`,
  override: (account: AccountId) => `breakglass override ${account} --reason WHY`,
  stop: (id: CaseId) => `breakglass stop ${id} --reason WHY`,
  claim: (id: CaseId) => `breakglass claim ${id}`,
  end: (id: CaseId) => `breakglass end ${id} --reason WHY`,
  cases: (account: AccountId) => `breakglass cases --account ${account}`,
} as const;

/** The command that ends an obligation of a case. */
export const commandThatEnds = (kind: ObligationKind, id: CaseId): string => {
  switch (kind) {
    case 'release':
    case 'refusals':
    case 'finding':
      return commands[kind](id);
    case 'answer':
      return commands.stop(id);
    case 'attestation':
      return commands.attest(id);
    case 'session-log':
    case 'post-mortem':
      return commands.writeUp(id, kind);
  }
};
