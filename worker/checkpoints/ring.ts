import type { Channels } from '../../adapters/channels/index.ts';
import type { Log } from '../../adapters/settings/log.ts';
import type { Config } from '../../core/contracts/config.ts';
import type { Message } from '../../core/contracts/ledger.ts';
import { alarmed } from '../../core/rules/messages.ts';
import type { Taken } from './take.ts';

const aboutLedger = { account: null, case: null, link: null, drill: false } as const;

/** What rings when the ledger is not the one that was signed for. */
export const faultMessage = (config: Config, { fault, last }: Extract<Taken, { ok: false }>): Message => ({
  ...aboutLedger,
  id: `ledger/${last?.size ?? 0}-${fault.firstBad}-${fault.why}/alarm`,
  severity: 'alarm',
  to: alarmed(config),
  channels: config.security.channels,
  title: 'The ledger was changed',
  text: [
    `The audit log in Postgres is not what it was: ${fault.message}.`,
    'The worker signs no checkpoint of it. Keep the database as it is, fetch the checkpoints from the witnesses, and find out who changed it.',
  ].join('\n'),
  command: 'breakglass ledger verify --witness FILE',
});

/** What rings when a witness has not taken checkpoints for some time. */
export const silentWitness = (config: Config, name: string, since: string): Message => ({
  ...aboutLedger,
  id: `witness/${name}/${since}`,
  severity: 'warning',
  to: alarmed(config),
  channels: config.security.channels,
  title: `The witness ${name} takes no checkpoints`,
  text: `Since ${since} the witness ${name} has taken no checkpoint of the ledger: what is written since then could be changed unseen by it.`,
  command: null,
});

/**
 * Rings past the database, whose owner may be who changed it: each message once on each channel, tried again
 * with each call until it is taken.
 */
export const createRinger = (
  channels: Pick<Channels, 'send'>,
  log: Log,
): ((message: Message) => Promise<void>) => {
  const taken = new Set<string>();
  return async (message) => {
    const ring = async (channel: string): Promise<void> => {
      const name = `${channel} ${message.id}`;
      if (taken.has(name)) return;
      await channels.send(channel, message).then(
        () => taken.add(name),
        (error: unknown) => {
          log.warn({ err: error, channel, message: message.id }, 'alarm not taken');
        },
      );
    };
    await Promise.all(message.channels.map(ring));
  };
};
