import type { Config } from '../core/contracts/config.ts';
import type { Sighting } from '../core/contracts/events.ts';
import type { Message } from '../core/contracts/ledger.ts';
import { alarmed, commands, linkTo } from '../core/rules/messages.ts';

/** The id of a login's alarm, the same on every channel and every retry. */
export const alarmId = (sighting: Sighting): string => `alarm/${sighting.id}`;

/**
 * What rings when a break-glass account is used. Never marked as a drill: at this moment nobody has claimed the
 * session, and an open drill proves nothing about who it is.
 */
export const alarmMessage = (sighting: Sighting, config: Config): Message => {
  const { account, ip, at, method, aal, userAgent } = sighting;
  const way = method === 'recovery' ? 'the account recovery flow' : `${method} (${aal})`;
  return {
    id: alarmId(sighting),
    account,
    case: null,
    severity: 'alarm',
    to: alarmed(config),
    channels: config.security.channels,
    title: `Break-glass account ${account} just signed in`,
    text: [
      `Break-glass account ${account} just signed in from ${ip}. Confirm that this is authorised.`,
      ...(sighting.source === 'session-sweep'
        ? ['Kratos’s hook for this login never came: it was found by looking at the sessions.']
        : []),
      `At ${at}, by ${way}, user agent: ${userAgent === '' ? 'none' : userAgent}`,
      'If nobody claims this session it rings again; if nobody can explain it, end it and rotate the credential.',
    ].join('\n'),
    command: commands.status(account),
    link: linkTo(config, account, null),
    drill: false,
  };
};
