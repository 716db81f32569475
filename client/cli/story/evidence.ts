/** On what a row of the ledger rests, as far as this machine can tell without believing the api. */
import { actionOf, type Action, type Row } from '../../../core/contracts/ledger.ts';
import type { Envelope, Statement } from '../../../core/contracts/statements.ts';
import { rowHash } from '../../../core/evidence/chain.ts';
import { chainRow } from '../../../core/evidence/ledgerRow.ts';
import { CLOCK_SKEW_SECONDS, openEnvelope, readStatement } from '../../../core/trust/envelope.ts';
import type { Trust } from '../configPin.ts';
import { oneLine } from '../printable.ts';
import { asSigned } from '../verifyEnvelope.ts';

export type Evidence =
  /** A person's signature that this machine has verified, over what the row says. */
  | { readonly kind: 'signed'; readonly by: string; readonly fingerprint: string; readonly config: string }
  /** Our process's own word: nobody signed it. */
  | { readonly kind: 'machine' }
  /** A share on its way is not shown to who reads here: nor is the signature. */
  | { readonly kind: 'withheld' }
  /** A refused statement whose signature does not hold: who it names is only what it claimed. */
  | { readonly kind: 'unproven'; readonly why: string }
  /** The row says what its evidence does not. */
  | { readonly kind: 'false'; readonly why: string };

export interface Checked {
  readonly evidence: Evidence;
  /** Whether the row's own hash covers what is shown; null where a part is withheld. */
  readonly isWhole: boolean | null;
}

/** What our machines report of themselves as well as people. */
const ofMachinesToo: readonly Action[] = [
  'break_glass_ended',
  'break_glass_rotation',
  'break_glass_old_credential',
];
const ofPeople: readonly string[] = Object.values(actionOf).filter((each) => !ofMachinesToo.includes(each));
const machines = ['worker', 'clock', 'sentinel'];

/**
 * Checks one row: its own hash, and the signature that it rests on, by the config that the signer had pinned. A person
 * who has left since has signed all the same.
 *
 * @param now - UTC
 */
export const checkRow = (row: Row, trust: Trust, now: string): Checked => {
  const { envelope } = row.metadata;
  if (envelope === undefined) {
    const evidence = withoutEnvelope(row);
    return { evidence, isWhole: evidence.kind === 'withheld' ? null : isWhole(row) };
  }
  return { evidence: withEnvelope(row, envelope, trust, now), isWhole: isWhole(row) };
};

const isWhole = (row: Row): boolean => {
  try {
    return rowHash(row.previous, chainRow(row).text) === row.hash;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
};

const withoutEnvelope = (row: Row): Evidence => {
  if (row.action === 'break_glass_share_released') return { kind: 'withheld' };
  if (row.result === 'refused') return { kind: 'unproven', why: 'what was refused is not kept' };
  if (ofPeople.includes(row.action) || !machines.includes(row.actor_role))
    return { kind: 'false', why: `${row.action} by ${row.actor_id}, and no signed statement` };
  return { kind: 'machine' };
};

const withEnvelope = (row: Row, envelope: Envelope, { configs }: Trust, now: string): Evidence => {
  const isRefused = row.result === 'refused';
  const read = readStatement(envelope.statement);
  const opened = read.ok
    ? openEnvelope({ envelope, configs, current: read.statement.config, now: asSigned(envelope, now) })
    : null;
  if (opened?.ok !== true) {
    const why = oneLine(opened?.ok === false ? opened.refusal.why : 'it cannot be read');
    return isRefused
      ? { kind: 'unproven', why }
      : { kind: 'false', why: `its statement does not hold: ${why}` };
  }
  const { statement, fingerprint, digest, pinned } = opened;
  const differs = isRefused ? null : difference(row, statement, digest);
  if (differs !== null)
    return { kind: 'false', why: `the row and its signed statement differ in ${differs}` };
  return { kind: 'signed', by: statement.by, fingerprint, config: pinned.digest };
};

const caseOf = (statement: Statement): string | null => ('case' in statement ? statement.case : null);

/** What of an accepted row is not what was signed; null if all is. */
const difference = (row: Row, statement: Statement, digest: string): string | null => {
  const signedAt = Date.parse(statement.signedAt) - CLOCK_SKEW_SECONDS * 1000;
  const accepted = Date.parse(row.timestamp);
  const about = caseOf(statement);
  const said: readonly (readonly [string, boolean])[] = [
    ['who', statement.by === row.actor_id],
    ['what', actionOf[statement.type] === row.action],
    ['the account', statement.account === row.resource_id],
    ['the case', about === null || row.case_id === null || about === row.case_id],
    ['the nonce', row.nonce === statement.nonce],
    ['the digest', row.metadata['statement'] === digest],
    ['the time', accepted >= signedAt && accepted < Date.parse(statement.expiresAt)],
    ['who, in its events', peopleIn(row).every((each) => each === statement.by)],
  ];
  return said.find(([, isSame]) => !isSame)?.[0] ?? null;
};

/** Whom the row's events name as having done it. */
const peopleIn = ({ metadata: { events = [] } }: Row): string[] =>
  events.flatMap(({ event }) => ('by' in event && event.by !== null ? [event.by] : []));
