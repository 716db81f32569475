import type { Log } from '../adapters/settings/log.ts';
import type { Channels } from '../adapters/channels/index.ts';
import type { Config } from '../core/contracts/config.ts';
import { accountId } from '../core/contracts/ids.ts';
import type { Message } from '../core/contracts/ledger.ts';
import { holders } from '../core/rules/messages.ts';

/** What is wrong with a post that is no hook of Kratos's. */
export type Suspicion = 'wrong-key' | 'unreadable' | 'too-large' | 'no-such-identity';

const said: Readonly<Record<Suspicion, { readonly title: string; readonly text: string }>> = {
  'wrong-key': {
    title: 'Somebody posts forged login hooks',
    text: 'Posts without the right key reach the sentinel. Nothing was recorded from them. Find out who sends them; if it is Kratos itself, its hook key is wrong and logins are not seen.',
  },
  unreadable: {
    title: 'Login hooks cannot be read',
    text: 'Posts with the right key are no login hooks. Either the hook template in Kratos was changed, and logins are not seen, or somebody else holds the key.',
  },
  'too-large': {
    title: 'Login hooks are too large to be read',
    text: 'Posts with the right key are longer than any login hook. Either the hook template in Kratos was changed, and logins are not seen, or somebody else holds the key.',
  },
  'no-such-identity': {
    title: 'Login hooks name an identity that Kratos does not know',
    text: 'Posts with the right key name an identity that Kratos does not have. Either it was deleted just after its login, or somebody else holds the hook key.',
  },
};

/** No account is meant, but a message names one. */
const noAccount = accountId.parse('none');

/**
 * Tells security of posts that are no hooks, as what they are: a warning, at most one of a kind in a while. They
 * change nothing else, so whoever forges them gains no more than that.
 *
 * @param quietMs - from one warning to the next of its kind
 */
export const createSuspicions = (deps: {
  readonly channels: () => Channels;
  readonly config: () => Config;
  readonly now: () => Date;
  readonly log: Log;
  readonly quietMs: number;
}) => {
  const { config, now, log, quietMs } = deps;
  const last = new Map<Suspicion, number>();
  const unsaid = new Map<Suspicion, number>();

  const messageOf = (kind: Suspicion, from: string, at: Date): Message => {
    const { title, text } = said[kind];
    const others = unsaid.get(kind) ?? 0;
    const more = others === 0 ? '' : ` ${others} more came since the last warning of this kind.`;
    return {
      id: `hooks/${kind}/${at.toISOString()}`,
      account: noAccount,
      case: null,
      severity: 'warning',
      to: holders(config(), 'security', 'admin'),
      channels: config().security.channels,
      title,
      text: `${text} Last one from ${from}.${more}`,
      command: null,
      link: null,
      drill: false,
    };
  };

  /** @param from - the address the post came from */
  return (kind: Suspicion, from: string): void => {
    log.warn({ kind, from }, 'a post was no hook');
    const at = now();
    const before = last.get(kind);
    if (before !== undefined && at.getTime() - before < quietMs) {
      unsaid.set(kind, (unsaid.get(kind) ?? 0) + 1);
      return;
    }
    const message = messageOf(kind, from, at);
    last.set(kind, at.getTime());
    unsaid.delete(kind);
    for (const channel of message.channels)
      deps
        .channels()
        .send(channel, message)
        .catch((error: unknown) => {
          log.warn(
            { kind, channel, reason: error instanceof Error ? error.message : 'unknown' },
            'warning not taken',
          );
        });
  };
};
export type Suspicions = ReturnType<typeof createSuspicions>;
