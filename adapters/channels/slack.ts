import { readFile } from 'node:fs/promises';
import type { Config } from '../../core/contracts/config.ts';
import type { Message } from '../../core/contracts/ledger.ts';
import { ChannelError, networkReason, SEND_LIMIT_MS } from './error.ts';
import { headline, plain, whoMustAct } from './wording.ts';

// https://docs.slack.dev/reference/block-kit/blocks
const HEADER_MOST = 150;
const SECTION_MOST = 2900;
const CONTEXT_MOST = 1000;
const ADDRESS_MOST = 3000;

const marks = {
  info: ':information_source:',
  act: ':point_right:',
  warning: ':warning:',
  alarm: ':rotating_light:',
};

/** Everything said is plain text: a reason that holds `<!channel>` or a link stays a text. */
const plainText = (text: string, most: number) => ({
  type: 'plain_text',
  text: plain(text, most),
  emoji: false,
});

/** Slack's own mark-up, for text of which nothing was typed by anybody. */
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('`', "'");

const section = (text: string) => ({ type: 'section', text: plainText(text, SECTION_MOST) });

const commandBlock = (command: string) => ({
  type: 'section',
  text: { type: 'mrkdwn', text: `\`${escaped(plain(command, SECTION_MOST))}\`` },
});

const linkBlock = (url: string) => ({
  type: 'actions',
  elements: [{ type: 'button', text: plainText('Open', 20), url }],
});

/** The message in Block Kit. */
export const slackBody = (config: Config, message: Message): object => ({
  text: escaped(plain(`${headline(message)}: ${message.text}`, SECTION_MOST)),
  blocks: [
    { type: 'header', text: plainText(headline(message), HEADER_MOST) },
    section(message.text),
    section(`Who must act: ${whoMustAct(config, message)}`),
    ...(message.command === null ? [] : [commandBlock(message.command)]),
    ...(message.link === null || message.link.length > ADDRESS_MOST ? [] : [linkBlock(message.link)]),
    {
      type: 'context',
      elements: [
        { type: 'mrkdwn', text: `${marks[message.severity]} ${message.severity}` },
        plainText(`${message.account ?? 'breakglass'} · ${message.id}`, CONTEXT_MOST),
      ],
    },
  ],
});

const loopback = new Set(['127.0.0.1', '[::1]', 'localhost']);

const readWebhook = async (channel: string, file: string): Promise<string> => {
  const unusable = (reason: string) =>
    new ChannelError({ channel, retryable: false, reason: `slack: ${reason}` });
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) throw unusable('its secret file cannot be read; put the incoming webhook URL there');
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : null;
  if (url === null) throw unusable('its secret file holds no URL');
  if (url.protocol !== 'https:' && !loopback.has(url.hostname))
    throw unusable('its webhook URL is not https');
  return url.href;
};

/** Slack answers an error with one word (`no_service`); whatever else comes is not repeated. */
const wordOf = async (response: Response): Promise<string> => {
  const reader = response.body?.getReader();
  const first = await reader?.read().catch(() => undefined);
  await reader?.cancel().catch(() => undefined);
  const text = Buffer.from(first?.value ?? []).toString('latin1', 0, 60);
  return /^[a-z_]{2,60}$/.test(text) ? text : 'no reason given';
};

const refusal = (channel: string, status: number, word: string): ChannelError => {
  const isRedirect = status >= 300 && status < 400;
  const reason = isRedirect ? 'it redirects, which is refused' : word;
  const retryable = status === 429 || status >= 500;
  return new ChannelError({ channel, retryable, reason: `slack answered ${status}: ${reason}` });
};

/** Posts to one incoming webhook, whose URL is a secret; the file is read anew each time, so that it can change. */
export const createSlackSender = (webhook: { channel: string; secretFile: string }, config: Config) => {
  const { channel, secretFile } = webhook;
  const post = (url: string, message: Message): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify(slackBody(config, message)),
      // Followed, a redirect would hand the message to somebody else.
      redirect: 'manual',
      signal: AbortSignal.timeout(SEND_LIMIT_MS),
    }).catch((error: unknown) => {
      throw new ChannelError({ channel, retryable: true, reason: `slack: ${networkReason(error)}` });
    });
  return {
    /**
     * @returns Slack's answer
     * @throws ChannelError
     */
    async send(message: Message): Promise<string> {
      const response = await post(await readWebhook(channel, secretFile), message);
      const word = await wordOf(response);
      if (!response.ok) throw refusal(channel, response.status, word);
      return word;
    },
    close: (): void => undefined,
  };
};
