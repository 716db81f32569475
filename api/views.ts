/** What readers get, folded from the same rows by the same rules as the process itself. */
import type { Account, Config } from '../core/contracts/config.ts';
import type { AccountView, CaseView, Dossier, StoredSeal } from '../core/contracts/http.ts';
import { rotationId, type CaseId } from '../core/contracts/ids.ts';
import type { Row } from '../core/contracts/ledger.ts';
import type { Envelope } from '../core/contracts/statements.ts';
import { blockedBy, isOverridden } from '../core/rules/account/blocking.ts';
import type { AccountState } from '../core/rules/account/state.ts';
import { nextCaseDeadline } from '../core/rules/case/due.ts';
import type { CaseState } from '../core/rules/case/state.ts';
import { approvedBy, waitingFor } from './waiting.ts';

/**
 * A case as readers see it.
 *
 * @param current - the config in force: whose approval still counts
 * @param now - UTC
 */
export const caseViewOf = (state: CaseState, current: Config, now: string): CaseView => {
  const { request } = state;
  return {
    case: state.case,
    account: request.account,
    kind: request.kind,
    phase: state.phase,
    request: request.request,
    by: request.by,
    scenario: request.scenario,
    conditions: request.conditions,
    reason: request.reason,
    symptom: request.symptom,
    incidentChannel: request.incidentChannel,
    expectedMinutes: request.expectedMinutes,
    config: request.config,
    need: request.terms.need,
    raised: request.terms.raised ?? null,
    role: request.terms.role,
    approvers: request.terms.approvers,
    approvedBy: approvedBy(state, current, now),
    released: state.releases.map(({ part, by }) => ({ part, by })),
    pair: request.pair,
    newPair: state.newPair,
    rotation: state.rotation === null ? null : rotationId.parse(state.rotation),
    sessions: state.sessions.map(({ session }) => session),
    sightings: [...state.sightings],
    sessionsEnded: state.sessionsEnded !== null,
    oldCredential: state.oldCredential,
    oldCredentialWorks: state.works !== null,
    obligations: state.obligations.map(({ id, kind, owner, due, ended }) => ({
      ...{ id, kind, owner, due, ended },
      overdue: ended === null && due <= now,
    })),
    times: { ...state.times },
    nextDeadline: nextCaseDeadline(state),
    waitingFor: waitingFor(state, current, now),
  };
};

/** An account as readers see it. @param now - UTC */
export const accountViewOf = (state: AccountState, account: Account, now: string): AccountView => ({
  account: state.account,
  kind: account.kind,
  says: account.says,
  provisioned: state.pair !== null,
  pair: state.pair,
  openCase: state.openCase?.case ?? null,
  rotation: state.rotation?.id ?? null,
  blocked: blockedBy(state),
  provisionSignedBy: state.provisionSignatures.filter((each) => each.expiresAt > now).map((each) => each.by),
  overdue: [...state.overdue],
  overrideSignedBy: state.overrideSignatures.filter((each) => each.expiresAt > now).map((each) => each.by),
  overriddenUntil: isOverridden(state, now) ? state.overriddenUntil : null,
  attested: [...state.attested],
  lastRotation: state.lastRotation,
  unclaimed: state.seen.filter((each) => each.claimedFor === null).map((each) => each.sighting),
});

/** The accepted envelopes of a case whose row carries an event of this type. */
const envelopesOf = (rows: readonly Row[], id: CaseId, type: string): Envelope[] =>
  rows.flatMap(({ result, metadata: { envelope, events = [] } }) =>
    result === 'success' &&
    envelope !== undefined &&
    events.some((each) => 'case' in each && each.case === id && each.event.type === type)
      ? [envelope]
      : [],
  );

/**
 * What a person's machine needs to check a case for itself; null when the row that opened it holds no envelope.
 *
 * @param rows - those that carry the case's events
 * @param seals - of the pair the case is about
 * @param withReleases - the shares on their way are the requester's alone
 */
export const dossierOf = (
  rows: readonly Row[],
  id: CaseId,
  seals: readonly StoredSeal[],
  withReleases: boolean,
): Dossier | null => {
  const [request] = envelopesOf(rows, id, 'requested');
  if (request === undefined) return null;
  return {
    case: id,
    request,
    approvals: envelopesOf(rows, id, 'approved'),
    releases: withReleases ? envelopesOf(rows, id, 'share-released') : [],
    seals: [...seals],
  };
};

/**
 * A case's history for one who may not read the shares on their way: those rows keep all but the envelope, so
 * that their hash no longer covers what is shown. Whoever verifies reads the ledger.
 */
export const withoutShares = (rows: readonly Row[]): Row[] =>
  rows.map((row) => {
    if (row.action !== 'break_glass_share_released' && !isReleaseRefused(row)) return row;
    const { envelope: _, ...metadata } = row.metadata;
    return { ...row, metadata };
  });

const isReleaseRefused = ({ metadata: { envelope } }: Row): boolean =>
  envelope?.statement.includes('"type":"release"') === true;
