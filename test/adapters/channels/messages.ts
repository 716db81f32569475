import { message, type Message } from '../../../core/contracts/ledger.ts';

/** A message as the rules write it. */
export const aMessage = (change: Partial<Message> = {}): Message =>
  message.parse({
    id: 'alarm/login-0123456789',
    account: 'acme-eu',
    case: null,
    severity: 'alarm',
    to: ['karl', 'bob'],
    channels: ['security-topic', 'security-chat'],
    title: 'Break-glass account acme-eu just signed in',
    text: 'Break-glass account acme-eu just signed in from 203.0.113.7. Confirm that this is authorised.',
    command: 'breakglass status acme-eu',
    link: 'http://127.0.0.1:7400/v1/accounts/acme-eu',
    drill: false,
    ...change,
  });
