/** What readers get, folded from the same rows by the same rules as the process itself. */
import type { Account, Config } from '../core/contracts/config.ts';
import type { AccountView, CaseView, Dossier, StoredSeal } from '../core/contracts/http.ts';
import { rotationId, type CaseId } from '../core/contracts/ids.ts';
import type { Row } from '../core/contracts/ledger.ts';
import type { Envelope } from '../core/contracts/statements.ts';
import { blockedBy, isOverridden } from '../core/rules/account/blocking.ts';
import type { AccountState } from '../core/rules/account/state.ts';
import { nextCaseDeadline } from '../core/rules/case/due.ts';
import { isDeclared, kindOf, type CaseState } from '../core/rules/case/state.ts';
import { approvedBy, waitingFor } from './waiting.ts';

/** What was asked for; of an undeclared use, what was seen. */
const askedFor = (state: CaseState) => {
  if (isDeclared(state)) {
    const { request, scenario, conditions, reason, symptom, incidentChannel, expectedMinutes, terms } =
      state.opening;
    const { need, raised, role, approvers } = terms;
    return {
      ...{ request, scenario, conditions, reason, symptom, incidentChannel, expectedMinutes },
      ...{ need, raised: raised ?? null, role, approvers },
    };
  }
  const [seen] = state.sightings;
  const where = seen === undefined ? '' : ` from ${seen.ip} at ${seen.at}`;
  return {
    ...{ request: null, scenario: null, conditions: [], symptom: null, incidentChannel: null },
    reason: `a login${where} that nobody claimed`,
    ...{ expectedMinutes: null, need: 0, raised: null, role: null, approvers: [] },
  };
};

/**
 * A case as readers see it.
 *
 * @param current - the config in force: whose approval still counts
 * @param now - UTC
 */
export const caseViewOf = (state: CaseState, current: Config, now: string): CaseView => {
  const { opening } = state;
  return {
    case: state.case,
    account: opening.account,
    kind: kindOf(state),
    phase: state.phase,
    by: state.responsible,
    ...askedFor(state),
    answer: state.answer,
    config: opening.config,
    approvedBy: approvedBy(state, current, now),
    released: state.releases.map(({ part, by }) => ({ part, by })),
    pair: opening.pair,
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
  undeclared: state.undeclared.map((each) => each.case),
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
