import type { Channels } from '../adapters/channels/index.ts';
import type { Log } from '../adapters/settings/log.ts';
import { reasonOf } from '../core/contracts/failures.ts';
import type { Config } from '../core/contracts/config.ts';
import type { Ledger, Message } from '../core/contracts/ledger.ts';
import { noticeOf, rowOf, type NoticeKind, type Watched } from './notice.ts';

/** One question without a good answer is a restart; three in a row are silence. */
const MISSES = 3;

export interface PeerDeps {
  readonly self: Watched;
  readonly peer: Watched;
  /** Asks the other process's health: null when it is well, else why not, in words that go on after "it". */
  readonly ask: () => Promise<string | null>;
  readonly channels: () => Pick<Channels, 'send'>;
  readonly config: () => Config;
  readonly ledger: Ledger;
  readonly now: () => Date;
  readonly log: Log;
}

/** Something to be said, until every channel has taken it and the ledger has it. */
interface Notice {
  readonly message: Message;
  readonly at: string;
  readonly accepted: Map<string, string>;
  isRecorded: boolean;
}

/**
 * Watches the other process. What is to be said goes to the security channels directly; a channel that refuses, and
 * a ledger that is away, are tried again at each tick.
 *
 * @returns one tick: asks once, and says what is still to be said
 */
export const createPeerWatch = (deps: PeerDeps): (() => Promise<void>) => {
  const { self, peer, ledger, config, now, log } = deps;
  let misses = 0;
  let lastHeard = now().toISOString();
  let silentSince: string | null = null;
  let notices: Notice[] = [];
  let recording: Promise<void> | null = null;

  const say = (what: NoticeKind, since: string): void => {
    const at = now().toISOString();
    log.warn({ peer, ...what, since }, 'the other process');
    const message = noticeOf(peer, what, { self, since, at, config: config() });
    notices.push({ message, at, accepted: new Map(), isRecorded: false });
  };

  const listen = async (): Promise<void> => {
    const asked = now().toISOString();
    const why = await deps.ask();
    if (why === null) {
      misses = 0;
      lastHeard = asked;
      if (silentSince !== null) say({ what: 'back' }, silentSince);
      silentSince = null;
      return;
    }
    misses += 1;
    if (misses < MISSES || silentSince !== null) return;
    silentSince = lastHeard;
    say({ what: 'silent', why }, silentSince);
  };

  const send = async ({ message, accepted }: Notice): Promise<void> => {
    await Promise.all(
      message.channels
        .filter((channel) => !accepted.has(channel))
        .map(async (channel) => {
          try {
            accepted.set(channel, (await deps.channels().send(channel, message)).acceptedAt);
          } catch (error) {
            log.warn({ message: message.id, channel, reason: reasonOf(error) }, 'not taken');
          }
        }),
    );
  };

  const record = async (): Promise<void> => {
    for (const notice of notices.filter((each) => !each.isRecorded)) {
      await ledger.transact(async (tx) => {
        if ((await tx.rowByKey(notice.message.id)) === null) await tx.append(rowOf(peer, self, notice));
      });
      notice.isRecorded = true;
    }
  };

  return async () => {
    await listen();
    await Promise.all(notices.map(send));
    // Not awaited: with Postgres away the next question is asked none the later.
    recording ??= record()
      .catch((error: unknown) => log.warn({ reason: reasonOf(error) }, 'a silence was not recorded'))
      .finally(() => (recording = null));
    notices = notices.filter((each) => !each.isRecorded || each.accepted.size < each.message.channels.length);
  };
};
