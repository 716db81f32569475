import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePorts } from '../../dev/ports.ts';
import { startSlackProcess } from '../../dev/servers/slackProcess.ts';
import { startSlackReceiver, type SlackReceiver } from '../../dev/servers/slackReceiver.ts';

let folder: string;
let file: string;
let slack: SlackReceiver;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakglass-slack-'));
  file = join(folder, 'state', 'slack.jsonl');
  slack = await startSlackReceiver({ port: 0, file, now: () => new Date('2026-01-02T03:04:05Z') });
});
afterEach(async () => {
  await slack.stop();
  await rm(folder, { recursive: true, force: true });
});

async function post(url: string, body: string): Promise<[number, string]> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  return [response.status, await response.text()];
}

describe('the stand-in for Slack', () => {
  it('given a message, answers ok, lists it and keeps it in a file of its owner only', async () => {
    const body = { text: 'acme-eu just signed in', blocks: [{ type: 'divider' }] };
    expect(await post(slack.webhookUrl, JSON.stringify(body))).toEqual([200, 'ok']);
    const kept = { receivedAt: '2026-01-02T03:04:05.000Z', body };
    expect(slack.messages()).toEqual([kept]);
    expect(await (await fetch(slack.messagesUrl)).json()).toEqual([kept]);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(kept);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['no JSON', '{', 400, 'invalid_payload'],
    ['no object', '"text"', 400, 'invalid_payload'],
    ['text that is no text', '{"text":1}', 400, 'invalid_payload'],
    ['nothing to show', '{}', 400, 'no_text'],
    ['an empty text', '{"text":"","blocks":[]}', 400, 'no_text'],
  ])('given %s, answers as Slack does and keeps nothing', async (_case, body, status, word) => {
    expect(await post(slack.webhookUrl, body)).toEqual([status, word]);
    expect(slack.messages()).toEqual([]);
  });

  it('given blocks without text, accepts them', async () => {
    expect(await post(slack.webhookUrl, '{"blocks":[{"type":"divider"}]}')).toEqual([200, 'ok']);
  });

  it('given another path, knows no such service', async () => {
    expect(await post(`${slack.webhookUrl}x`, '{"text":"hi"}')).toEqual([404, 'no_service']);
  });

  it('refuses while told to, and accepts again afterwards', async () => {
    await post(slack.controlUrl, '{"refuse":true}');
    expect((await post(slack.webhookUrl, '{"text":"one"}'))[0]).toBe(503);
    await post(slack.controlUrl, '{"refuse":false}');
    expect((await post(slack.webhookUrl, '{"text":"two"}'))[0]).toBe(200);
    expect(slack.messages().map(({ body }) => body.text)).toEqual(['two']);
  });

  it('given a delay, lets a client with less patience go, though the message was taken', async () => {
    slack.control({ delayMs: 300 });
    const impatient = fetch(slack.webhookUrl, {
      method: 'POST',
      body: '{"text":"late"}',
      signal: AbortSignal.timeout(50),
    });
    await expect(impatient).rejects.toThrow(/timeout/);
    await expect.poll(() => slack.messages().length).toBe(1);
  });

  it('given a control it does not know, refuses it', async () => {
    expect((await post(slack.controlUrl, '{"refused":true}'))[0]).toBe(400);
  });
});

describe('the stand-in in a process of its own', () => {
  it('takes messages until it is stopped', async () => {
    const [port = 0] = await freePorts(1);
    const child = await startSlackProcess({ stateFolder: folder, port });
    expect(await post(child.webhookUrl, '{"text":"hi"}')).toEqual([200, 'ok']);
    expect(await readFile(child.file, 'utf8')).toContain('"text":"hi"');
    await child.stop();
    expect(await child.process.exited).toEqual({ code: 0, signal: null });
    await expect(fetch(child.messagesUrl)).rejects.toThrow('fetch failed');
  });
});
