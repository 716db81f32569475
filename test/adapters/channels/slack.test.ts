import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { ChannelError, createChannels, type Channels } from '../../../adapters/channels/index.ts';
import { startSlackReceiver, type SlackReceiver } from '../../../dev/servers/slackReceiver.ts';
import { acme } from '../../sentinel/acme.ts';
import { aMessage } from './messages.ts';

let folder: string;
let receiver: SlackReceiver;
let channels: Channels;

const setWebhook = (url: string): Promise<void> =>
  writeFile(join(folder, 'security-webhook'), `${url}\n`, { mode: 0o600 });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakglass-slack-'));
  receiver = await startSlackReceiver({ port: 0 });
  await setWebhook(receiver.webhookUrl);
  channels = createChannels({ config: acme(), secretsDir: folder, aws: {} });
  return async () => {
    await receiver.stop();
    await rm(folder, { recursive: true, force: true });
  };
});

const send = (change: Parameters<typeof aMessage>[0] = {}) =>
  channels.send('security-chat', aMessage(change));

/** What a rejected send leaves; the test fails when it was accepted. */
const refusalOf = async (sent: Promise<unknown>): Promise<ChannelError> => {
  const error: unknown = await sent.then(
    () => new Error('it was accepted'),
    (reason: unknown) => reason,
  );
  if (error instanceof ChannelError) return error;
  throw error;
};

const serve = async (answer: RequestListener): Promise<string> => {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return `http://127.0.0.1:${port}/services/T1/B1/secret-part`;
};

describe('a slack channel', () => {
  it('posts what happened, who must act, the command, the link and the id', async () => {
    const acceptance = await send();

    expect(acceptance.detail).toBe('ok');
    const [message, ...more] = receiver.messages();
    expect(more).toEqual([]);
    expect(message?.body.blocks).toMatchObject([
      { type: 'header', text: { type: 'plain_text', text: 'Break-glass account acme-eu just signed in' } },
      {
        type: 'section',
        text: { type: 'plain_text', text: aMessage().text },
      },
      { type: 'section', text: { text: 'Who must act: Karl (karl), Bob (bob)' } },
      { type: 'section', text: { type: 'mrkdwn', text: '`breakglass status acme-eu`' } },
      { type: 'actions', elements: [{ type: 'button', url: 'http://127.0.0.1:7400/v1/accounts/acme-eu' }] },
      { type: 'context', elements: [{}, { text: 'acme-eu · alarm/login-0123456789' }] },
    ]);
  });

  it('says DRILL at the head of a drill', async () => {
    await send({ drill: true });

    expect(receiver.messages()[0]?.body.blocks?.[0]).toMatchObject({
      text: { text: 'DRILL: Break-glass account acme-eu just signed in' },
    });
    expect(receiver.messages()[0]?.body.text).toMatch(/^DRILL: /);
  });

  it('leaves what people typed a text: no mention, no link, no hidden direction', async () => {
    const text = '<!channel> <https://evil.example|the runbook> \u202egnp.exe & more';

    await send({ text, command: 'breakglass status `x` <!here>' });

    const [message] = receiver.messages();
    expect(message?.body.text).not.toMatch(/<|\u202e/);
    expect(message?.body.blocks?.[1]).toMatchObject({
      text: { type: 'plain_text', text: '<!channel> <https://evil.example|the runbook>  gnp.exe & more' },
    });
    expect(message?.body.blocks?.[3]).toMatchObject({
      text: { type: 'mrkdwn', text: "`breakglass status 'x' &lt;!here&gt;`" },
    });
  });

  it('keeps within the sizes that slack takes', async () => {
    await send({ title: 'é'.repeat(400), text: '😀'.repeat(5000) });

    const texts = z
      .array(z.looseObject({ text: z.object({ text: z.string() }).optional() }))
      .parse(receiver.messages()[0]?.body.blocks)
      .map((block) => block.text?.text ?? '');
    expect(texts[0]).toBe(`${'é'.repeat(149)}…`);
    expect(texts[1]).toBe(`${'😀'.repeat(1449)}…`);
  });

  it('reports a service that is down as one to try again', async () => {
    receiver.control({ refuse: true });

    expect(await refusalOf(send())).toMatchObject({
      channel: 'security-chat',
      retryable: true,
      reason: 'slack answered 503: service_unavailable',
    });
  });

  it.each([
    [429, true],
    [500, true],
    [403, false],
    [404, false],
    [410, false],
  ])('takes an answer %i as retryable: %s', async (status, retryable) => {
    await setWebhook(await serve((_, response) => void response.writeHead(status).end('<b>a page</b>')));

    expect(await refusalOf(send())).toMatchObject({
      retryable,
      reason: `slack answered ${String(status)}: no reason given`,
    });
  });

  it('follows no redirect', async () => {
    let followed = 0;
    const elsewhere = await serve((_, response) => {
      followed += 1;
      response.end('ok');
    });
    await setWebhook(
      await serve((_, response) => void response.writeHead(307, { location: elsewhere }).end()),
    );

    const refusal = await refusalOf(send());

    expect(followed).toBe(0);
    expect(refusal).toMatchObject({
      retryable: false,
      reason: 'slack answered 307: it redirects, which is refused',
    });
  });

  it('gives up on a service that does not answer within 5 s', async () => {
    await setWebhook(await serve(() => undefined));

    expect(await refusalOf(send())).toMatchObject({ retryable: true, reason: 'slack: no answer within 5 s' });
  });

  it('never tells the webhook’s address', async () => {
    const url = await serve((request) => void request.socket.destroy());
    await setWebhook(url);

    const refusal = await refusalOf(send());

    expect(refusal.retryable).toBe(true);
    expect(inspect(refusal, { depth: 9, showHidden: true })).not.toMatch(/secret-part|127\.0\.0\.1:/);
  });

  it.each([
    ['no URL', 'not a url', 'its secret file holds no URL'],
    ['plain http elsewhere', 'http://hooks.example.com/x', 'its webhook URL is not https'],
  ])('refuses a secret file that holds %s', async (_, content, reason) => {
    await setWebhook(content);

    expect(await refusalOf(send())).toMatchObject({ retryable: false, reason: `slack: ${reason}` });
  });

  it('reads the secret anew for each message', async () => {
    await rm(join(folder, 'security-webhook'));
    const refusal = await refusalOf(send());
    await setWebhook(receiver.webhookUrl);
    await send();

    expect(refusal.retryable).toBe(false);
    expect(receiver.messages()).toHaveLength(1);
  });
});

describe('a channel that the config does not name', () => {
  it('is refused', async () => {
    expect(await refusalOf(channels.send('constructor', aMessage()))).toMatchObject({
      retryable: false,
      reason: 'the config names no such channel',
    });
  });
});
