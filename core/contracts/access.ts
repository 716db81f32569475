import type { Role } from './config.ts';

/** What a person may be to an account or a case, besides the roles of the config. */
export const relations = ['requester', 'approver', 'custodian', 'owner', 'principal'] as const;
export type Relation = (typeof relations)[number];

/** What lets somebody read: a role, a relation, or being a person of the config in force. */
export type Holding = Role | Relation | 'person';

/**
 * What can be read; `releases` are the shares in a dossier, `seals` the ciphertext of an account's pair, `process` what
 * Temporal's own history tells of a case.
 */
export const views = [
  'config',
  'accounts',
  'seals',
  'cases',
  'dossier',
  'releases',
  'history',
  'ledger',
  'process',
  'health',
] as const;
export type View = (typeof views)[number];

const oversight = ['auditor', 'compliance', 'security', 'admin'] as const satisfies readonly Holding[];
const involved = relations;

/**
 * Who reads what: the one table that api, pages and tests share. What is not listed is refused.
 *
 * The config holds no secret, and every person's machine must check what it is asked to sign against it.
 */
export const readers = {
  config: ['person'],
  accounts: [...oversight, 'oncall', ...involved],
  seals: ['custodian', 'owner', 'requester'],
  cases: [...oversight, 'oncall', ...involved],
  // Whoever signs something about a case first checks the request on their own machine: who stops it, and who
  // answers for what was found, too.
  dossier: ['approver', 'custodian', 'requester', 'owner', 'admin', 'oncall', 'security'],
  releases: ['requester'],
  history: [...oversight, 'requester', 'approver', 'owner'],
  ledger: oversight,
  process: oversight,
  // Who learns that no login rings must be of those who mend it, not of those who could use it.
  health: [...oversight, 'oncall', 'owner'],
} as const satisfies Record<View, readonly Holding[]>;

/** Whether somebody with these holdings may read a view. */
export const mayRead = (view: View, holdings: ReadonlySet<Holding>): boolean =>
  readers[view].some((each) => holdings.has(each));
