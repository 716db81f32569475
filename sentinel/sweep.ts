import type { KratosAdmin, SessionRecord } from '../adapters/kratos/index.ts';
import type { Log } from '../adapters/settings/log.ts';
import { reasonOf } from '../core/contracts/failures.ts';
import type { AccountId } from '../core/contracts/ids.ts';
import type { Identities } from './identities.ts';
import type { LogoutRecorder } from './logout.ts';
import { reportOf } from './report.ts';
import type { KnownSession, SessionMemory } from './sessions.ts';
import type { Watch } from './watch.ts';

export interface SweepDeps {
  readonly identities: Pick<Identities, 'all'>;
  readonly kratos: Pick<KratosAdmin, 'listSessions'>;
  readonly watch: Pick<Watch, 'knows' | 'take'>;
  readonly memory: SessionMemory;
  readonly recordLogout: LogoutRecorder;
  readonly tellProcess: (account: AccountId) => Promise<void>;
  readonly now: () => Date;
  readonly log: Log;
  /** Ends the noting: what was told and not noted is told again by the next start. */
  readonly signal: AbortSignal;
}

export interface Sweep {
  /** One look, from beginning to end. */
  look(): Promise<void>;
  /** Whether the last look was at every identity's sessions: Kratos answered for each. */
  isWhole(): boolean;
  /** Resolves when nothing is being noted any more. */
  idle(): Promise<void>;
}

const instantOf = (time: string): string => new Date(time).toISOString();

/**
 * Looks at every session of every break-glass identity. One that no hook told of is taken like a hook; one that was
 * alive and is no more, though nobody said so, is recorded as a logout.
 */
export const createSweep = (deps: SweepDeps): Sweep => {
  const { identities, kratos, watch, memory, log, now, signal } = deps;
  const { sessions, since } = memory;

  /** On the spool's disk before the memory has it: a crash between the two finds it in the spool. */
  const report = async (it: SessionRecord, identity: string): Promise<void> => {
    const found = reportOf(it, identity, now().toISOString());
    if (watch.knows(found.hook)) return;
    log.warn({ session: it.id, identity }, 'a session of which no hook told');
    await watch.take(found);
  };

  const see = async (it: SessionRecord, identity: string, account: AccountId, at: string): Promise<void> => {
    const known = sessions.get(it.id);
    const isOld = known === undefined && !it.active && instantOf(it.issuedAt) < since;
    if (!isOld && known?.aal !== it.aal) await report(it, identity);
    sessions.set(it.id, {
      ...{ account, identity, aal: it.aal },
      lastActiveAt: it.active ? at : (known?.lastActiveAt ?? instantOf(it.authenticatedAt)),
      isOver: known?.isOver ?? isOld,
    });
  };

  const isListed = new Map<string, ReadonlyMap<string, SessionRecord>>();
  const telling = new Set<string>();
  const noting = new Set<Promise<void>>();

  const forget = async (session: string, known: KnownSession): Promise<void> => {
    // What Kratos still lists must be remembered, or it would be news again.
    if (isListed.get(known.identity)?.has(session) === true)
      sessions.set(session, { ...known, isOver: true });
    else sessions.delete(session);
    await memory.save();
  };

  const note = async (session: string, known: KnownSession): Promise<void> => {
    if (signal.aborted) return;
    const work = forget(session, known);
    noting.add(work);
    await work.finally(() => noting.delete(work));
  };

  const settle = async (session: string, known: KnownSession): Promise<void> => {
    const { account, identity, lastActiveAt } = known;
    const outcome = await deps.recordLogout({ account, identity, session, lastActiveAt });
    if (outcome === 'wait') return;
    if (outcome === 'explained') return forget(session, known);
    telling.add(session);
    // Not awaited: with Temporal away the next login must be found none the later. What is not told is told again.
    void deps
      .tellProcess(account)
      .then(() => note(session, known))
      .catch((error: unknown) => log.warn({ session, reason: reasonOf(error) }, 'a logout was not told'))
      .finally(() => telling.delete(session));
  };

  const look = async (identity: string, account: AccountId): Promise<void> => {
    // Before the question: what happens while it is answered comes after this.
    const at = now().toISOString();
    const listed = await kratos.listSessions(identity);
    isListed.set(identity, new Map(listed.map((each) => [each.id, each])));
    for (const each of listed) await see(each, identity, account, at);
    await memory.save();
  };

  const isGone = (session: string, { identity }: KnownSession): boolean => {
    const listed = isListed.get(identity);
    return listed !== undefined && listed.get(session)?.active !== true;
  };

  const lookAtAll = async (): Promise<void> => {
    isListed.clear();
    const trying = (what: string, step: Promise<void>): Promise<void> =>
      step.catch((error: unknown) => log.warn({ reason: reasonOf(error) }, what));
    for (const [identity, account] of identities.all())
      await trying('sessions not swept', look(identity, account));
    for (const [session, known] of [...sessions].filter((each) => isGone(...each)))
      if (known.isOver) await trying('a session not forgotten', forget(session, known));
      else if (!telling.has(session)) await trying('a logout was not recorded', settle(session, known));
  };

  return {
    look: lookAtAll,
    isWhole: () => [...identities.all()].every(([identity]) => isListed.has(identity)),
    async idle() {
      await Promise.allSettled(noting);
    },
  };
};
