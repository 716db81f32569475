/** What becomes of each message that the outbox holds, without a clock of its own: `dispatcher.ts` says when to look. */
import { ChannelError, type Channels } from '../adapters/channels/index.ts';
import type { Backoff, Outbox, PendingDelivery } from '../adapters/postgres/index.ts';
import type { Log } from '../adapters/settings/log.ts';
import { reasonOf } from '../core/contracts/failures.ts';
import type { Ledger } from '../core/contracts/ledger.ts';

export interface DeliveriesDeps {
  readonly outbox: Outbox;
  readonly ledger: Ledger;
  readonly channels: Pick<Channels, 'send'>;
  readonly log: Log;
  readonly now: () => Date;
  /** How long a failed delivery rests, in seconds. */
  readonly backoff?: Backoff;
  /** Waits until what was sent, and could not be recorded, is tried to be recorded again. */
  readonly pause: () => Promise<unknown>;
}

export interface Deliveries {
  /** Looks for what is due and sends it, one look at a time; one that is asked for meanwhile comes after it. */
  sweep(): void;
  /** Resolves when nothing is under way any more. */
  idle(): Promise<void>;
  /** Begins nothing more, and resolves when nothing is under way; what was not delivered stays in the outbox. */
  stop(): Promise<void>;
}

const usualBackoff: Backoff = { first: 2, longest: 300 };
/** More at once would only be refused by the channel (Slack takes one message a second). */
const AT_ONCE = 4;
const SWEEP_MOST = 200;

const nameOf = ({ message, channel }: PendingDelivery): string => `${channel} ${message.id}`;

const refusalOf = (error: unknown): string =>
  error instanceof ChannelError ? error.reason : 'it could not be sent';

/**
 * Delivers what the outbox holds: each message to each of its channels until that channel has taken it.
 *
 * A delivery that was accepted while its record failed may be sent again after a restart, under the same id.
 */
export const createDeliveries = (deps: DeliveriesDeps): Deliveries => {
  const { outbox, ledger, channels, log, now, backoff = usualBackoff, pause } = deps;
  const underWay = new Map<string, { readonly channel: string; readonly work: Promise<void> }>();
  /** What ended while the outbox was being read: the answer may be older than that end. */
  const endedMeanwhile = new Set<string>();
  const state = { isStopped: false, isSweeping: false, isWoken: false };

  const deliver = async ({ message, channel, attempts }: PendingDelivery): Promise<void> => {
    const record = async (outcome: 'accepted' | 'failed', detail: string, at: string): Promise<void> => {
      await outbox.recordDelivery({ id: message.id, channel, attempt: attempts + 1, outcome, detail, at });
    };
    let acceptance;
    try {
      acceptance = await channels.send(channel, message);
    } catch (error) {
      log.warn(
        { message: message.id, channel, attempt: attempts + 1, reason: refusalOf(error) },
        'message not taken',
      );
      await record('failed', refusalOf(error), now().toISOString());
      return;
    }
    const { acceptedAt, detail } = acceptance;
    log.info({ message: message.id, channel, acceptedAt }, 'message taken');
    // The row comes first: after a crash between the two the message goes out again, but is never unaccounted for.
    await untilStopped(() => recordMessage(ledger, { message, channel, acceptedAt, detail }));
    await untilStopped(() => record('accepted', detail, acceptedAt));
  };

  /** What was sent must be recorded, or it is sent again: so the record is tried until it holds. */
  const untilStopped = async (step: () => Promise<unknown>): Promise<void> => {
    for (;;) {
      try {
        await step();
        return;
      } catch (error) {
        if (state.isStopped) throw error;
        log.warn({ reason: reasonOf(error) }, 'a delivery was not recorded');
        await pause();
      }
    }
  };

  const begin = (pending: PendingDelivery): void => {
    const name = nameOf(pending);
    const busy = [...underWay.values()].filter(({ channel }) => channel === pending.channel).length;
    if (underWay.has(name) || busy >= AT_ONCE) return;
    const work = deliver(pending)
      .catch((error: unknown) =>
        log.warn({ message: pending.message.id, reason: reasonOf(error) }, 'delivery broken off'),
      )
      .finally(() => {
        underWay.delete(name);
        if (state.isSweeping) endedMeanwhile.add(name);
        sweep();
      });
    underWay.set(name, { channel: pending.channel, work });
  };

  const sweepOnce = async (): Promise<void> => {
    endedMeanwhile.clear();
    const found = await outbox.pending(SWEEP_MOST, now().toISOString(), backoff);
    if (!state.isStopped) found.filter((each) => !endedMeanwhile.has(nameOf(each))).forEach(begin);
  };

  /** One sweep at a time; a wake meanwhile means one more. */
  const sweep = (): void => {
    if (state.isStopped) return;
    state.isWoken = true;
    if (state.isSweeping) return;
    state.isSweeping = true;
    const run = async (): Promise<void> => {
      while (state.isWoken && !state.isStopped) {
        state.isWoken = false;
        await sweepOnce();
      }
    };
    sweeping = run()
      .catch((error: unknown) => log.warn({ reason: reasonOf(error) }, 'the outbox could not be read'))
      .finally(() => (state.isSweeping = false));
  };

  let sweeping: Promise<unknown> = Promise.resolve();
  const idle = async (): Promise<void> => {
    while (state.isSweeping || underWay.size > 0)
      await Promise.allSettled([sweeping, ...[...underWay.values()].map(({ work }) => work)]);
  };
  return {
    sweep,
    idle,
    stop: () => {
      state.isStopped = true;
      return idle();
    },
  };
};

/** The ledger's word that somebody was told: once a message, by the first channel that took it. */
const recordMessage = (
  ledger: Ledger,
  it: Pick<PendingDelivery, 'message' | 'channel'> & { readonly acceptedAt: string; readonly detail: string },
): Promise<void> =>
  ledger.transact(async (tx) => {
    const { message, channel, acceptedAt, detail } = it;
    const key = `message/${message.id}`;
    if ((await tx.rowByKey(key)) !== null) return;
    await tx.append({
      timestamp: acceptedAt,
      actor_id: 'breakglass',
      actor_role: 'worker',
      action: 'break_glass_message',
      resource_type: message.account === null ? 'ledger' : 'account',
      resource_id: message.account ?? 'ledger',
      ip_address: null,
      user_agent: null,
      result: 'success',
      case_id: message.case,
      nonce: null,
      key,
      metadata: {
        message: message.id,
        severity: message.severity,
        to: message.to,
        channels: message.channels,
        accepted_by: channel,
        accepted_at: acceptedAt,
        receipt: detail,
      },
    });
  });
