/** What people do in a case, each step through the typed client. */
import { randomUUID } from 'node:crypto';
import type { Json } from '../../core/contracts/canonical.ts';
import type { CaseId, Part } from '../../core/contracts/ids.ts';
import type { Accepted } from '../../core/contracts/temporal.ts';
import { newAgeIdentity, recipientOf } from '../../core/custody/age.ts';
import { writeUpHeadings } from '../../core/rules/case/decide.ts';
import type { Name } from '../support/org.ts';
import type { Harness } from './harness.ts';
import { declared } from '../support/declared.ts';

const holders = [
  ['erin', 'password'],
  ['frank', 'password'],
  ['grace', 'mfa'],
  ['heidi', 'mfa'],
] as const;

/** Waits, in real time, until the process has done what it does by itself. */
export const eventually = async (what: string, holds: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 200 && !holds(); tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 50));
  if (!holds()) throw new Error(`it never came to this: ${what}`);
};

/** Whether a workflow's newest history holds a task that its worker has not answered. */
const isAtWork = async (h: Harness, id: string): Promise<boolean> => {
  const { events } = await h.client.raw.workflow.getHandle(id).fetchHistory();
  const last = events?.at(-1);
  return (
    last?.workflowTaskScheduledEventAttributes != null || last?.workflowTaskStartedEventAttributes != null
  );
};

/**
 * A workflow is lost, while it rests: one that is terminated within a workflow task keeps its hold on the
 * time-skipping server's clock for good, and no time is skipped any more.
 */
export const lose = async (h: Harness, id: string): Promise<void> => {
  for (let tries = 0, still = 0; tries < 200 && still < 4; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    still = (await isAtWork(h, id)) ? 0 : still + 1;
  }
  await h.client.raw.workflow.getHandle(id).terminate('a mishap');
};

/** Enough custodians keep the current shares, those who have not yet: without that, no case opens. */
const attestAccount = async (h: Harness): Promise<void> => {
  const { pair, lastRotation, attested } = h.accountState();
  if (pair === null || lastRotation === null) throw new Error('nothing is sealed yet');
  for (const [by, part] of holders) {
    if (attested.some((each) => each === `${part}/${by}`)) continue;
    const { generation, seal } = pair[part];
    const about = { rotation: lastRotation.id, case: null, part, generation, seal, keptAt: 'safe' };
    await h.toAccount(by, { type: 'attestation', ...about });
  }
};

/** Two owners provision the account; done when the first pair is proven, and enough have attested it. */
export const provision = async (h: Harness): Promise<void> => {
  await h.toAccount('quinn', { type: 'provision' });
  await h.toAccount('rosa', { type: 'provision' });
  await eventually('the account is provisioned', () => h.accountState().pair !== null);
  await attestAccount(h);
};

/** A request of alice's as it should be. */
export const requestOf = async (h: Harness): Promise<Record<string, Json>> => {
  const [[scenario, { conditions }] = ['', { conditions: {} }]] = Object.entries(h.org.data.scenarios);
  return {
    ...{ type: 'request', kind: 'emergency', scenario, conditions: Object.keys(conditions) },
    ...{ reason: 'restore the identity provider', symptom: 'the sign-in page answers 503' },
    ...{ incidentChannel: '#inc-1', expectedMinutes: 20 },
    recipient: await recipientOf(await newAgeIdentity()),
  };
};

/** Alice asks for an emergency, of an account whose shares are attested. */
export const ask = async (h: Harness): Promise<CaseId> => {
  await attestAccount(h);
  const accepted = await h.toAccount('alice', await requestOf(h));
  if (accepted.case === null) throw new Error('the request opened no case');
  return accepted.case;
};

/** Two seniors sign. */
export const approve = async (h: Harness, id: CaseId): Promise<void> => {
  for (const by of ['bob', 'dan'] as const) await h.toCase(id, by, { type: 'approval', role: 'senior' });
};

/** One share; ciphertext is opaque to the process. */
export const releaseShare = async (h: Harness, id: CaseId, by: Name, part: Part): Promise<Accepted> => {
  const { pair, recipient } = declared(h.caseState(id)).opening;
  const { generation, seal } = pair[part];
  return h.toCase(id, by, { type: 'release', part, generation, seal, recipient, ciphertext: 'sealed' });
};

/** Enough custodians of each part release. */
export const release = async (h: Harness, id: CaseId): Promise<void> => {
  for (const [by, part] of holders) await releaseShare(h, id, by, part);
};

/** Alice logs in and claims the session; nobody has seen the login yet. */
export const claim = async (h: Harness, id: CaseId, session: string = randomUUID()): Promise<string> => {
  const { request } = declared(h.caseState(id)).opening;
  await h.toAccount('alice', { type: 'claim', case: id, request, session });
  return session;
};

/** From nothing to a claimed session. */
export const openUp = async (h: Harness): Promise<{ id: CaseId; session: string }> => {
  const id = await ask(h);
  await approve(h, id);
  await release(h, id);
  return { id, session: await claim(h, id) };
};

/** From a claimed session to the new pair, proven. */
export const endAndRotate = async (h: Harness, id: CaseId): Promise<void> => {
  await h.toCase(id, 'alice', { type: 'end', reason: 'done' });
  await eventually('the rotation is proven', () => h.caseState(id).phase === 'settling');
};

/** What alice's machine says of the old credential. */
export const refusalsOf = async (h: Harness, id: CaseId, session: string): Promise<Record<string, Json>> => ({
  type: 'refusals',
  password: { generation: h.caseState(id).opening.pair.password.generation, refused: true, status: 400 },
  session: { session, refused: true, status: 401 },
  triedAt: (await h.now()).toISOString(),
});

/** Every custodian keeps the new share. */
export const attest = async (h: Harness, id: CaseId): Promise<void> => {
  const { newPair, rotation } = h.caseState(id);
  if (newPair === null) throw new Error(`${id} has no new pair`);
  for (const [by, part] of holders) {
    const { generation, seal } = newPair[part];
    await h.toCase(id, by, { type: 'attestation', rotation, part, generation, seal, keptAt: 'safe' });
  }
};

/** A write-up with every heading filled. */
export const writeUp = async (
  h: Harness,
  id: CaseId,
  document: keyof typeof writeUpHeadings,
  by: Name = 'alice',
): Promise<Accepted> => {
  const text = writeUpHeadings[document].map((heading) => `## ${heading}\n\nas it was\n`).join('\n');
  return h.toCase(id, by, { type: 'write-up', document, text });
};

/** All that people owe after the rotation. */
export const settle = async (h: Harness, id: CaseId, session: string): Promise<void> => {
  await h.toCase(id, 'alice', await refusalsOf(h, id, session));
  await attest(h, id);
  await writeUp(h, id, 'session-log');
  await writeUp(h, id, 'post-mortem');
};
