import { appendFile, mkdir } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { z } from 'zod';

const HOST = '127.0.0.1';
/** The path Slack would have given; anything else is answered `no_service`. */
export const webhookPath = '/services/T00000000/B00000000/breakglass-dev';
const LARGEST_BODY = 1_000_000;

const webhookSchema = z.looseObject({
  text: z.string().optional(),
  blocks: z.array(z.unknown()).optional(),
});
const controlSchema = z.strictObject({
  /** Answer every post with 503 and keep nothing. */
  refuse: z.boolean().optional(),
  /** Milliseconds before each answer. */
  delayMs: z.number().min(0).max(600_000).optional(),
});

/** How the receiver behaves for now. */
export type SlackControl = z.infer<typeof controlSchema>;

/** One accepted post. */
export interface SlackMessage {
  readonly receivedAt: string;
  readonly body: z.infer<typeof webhookSchema>;
}

/** A running receiver. */
export interface SlackReceiver {
  readonly port: number;
  /** Where to post, as Slack would have given it. */
  readonly webhookUrl: string;
  /** `GET` lists what arrived. */
  readonly messagesUrl: string;
  /** `POST` with a {@link SlackControl}. */
  readonly controlUrl: string;
  messages(): readonly SlackMessage[];
  control(change: SlackControl): void;
  stop(): Promise<void>;
}

/** Where the receiver listens and what it keeps. */
export interface SlackReceiverOptions {
  /** 0 for any free one. */
  readonly port: number;
  /** What arrives is appended here, one JSON object a line. */
  readonly file?: string;
  readonly now?: () => Date;
}

/**
 * Starts a stand-in for Slack on loopback. Slack itself cannot be run locally; this speaks the protocol of its
 * incoming webhooks, answers and error words included, so the adapter under test does not know the difference.
 *
 * @see https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
 */
export async function startSlackReceiver(options: SlackReceiverOptions): Promise<SlackReceiver> {
  const { file, now = () => new Date() } = options;
  if (file !== undefined) await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const messages: SlackMessage[] = [];
  let behaviour: SlackControl = {};

  const accept = async (request: IncomingMessage): Promise<Answer> => {
    const text = await bodyOf(request);
    if (behaviour.delayMs !== undefined) await sleep(behaviour.delayMs);
    if (behaviour.refuse === true) return [503, 'service_unavailable'];
    const body = webhookSchema.safeParse(parseJson(text));
    if (!body.success) return [400, 'invalid_payload'];
    if (!body.data.text && !body.data.blocks?.length) return [400, 'no_text'];
    const message = { receivedAt: now().toISOString(), body: body.data };
    if (file !== undefined) await appendFile(file, `${JSON.stringify(message)}\n`, { mode: 0o600 });
    messages.push(message);
    return [200, 'ok'];
  };
  const control = async (request: IncomingMessage): Promise<Answer> => {
    const change = controlSchema.safeParse(parseJson(await bodyOf(request)));
    if (!change.success) return [400, z.prettifyError(change.error)];
    behaviour = { ...behaviour, ...change.data };
    return [200, behaviour];
  };
  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const what = `${request.method ?? ''} ${request.url ?? ''}`;
    if (what === `POST ${webhookPath}`) return accept(request);
    if (what === 'GET /messages') return [200, messages];
    if (what === 'POST /control') return control(request);
    return [404, 'no_service'];
  };

  const server = createServer((request, response) => {
    answer(request).then(
      (result) => send(response, result),
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, HOST, resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  const base = `http://${HOST}:${port}`;
  return {
    port,
    webhookUrl: `${base}${webhookPath}`,
    messagesUrl: `${base}/messages`,
    controlUrl: `${base}/control`,
    messages: () => [...messages],
    control: (change) => (behaviour = { ...behaviour, ...change }),
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

type Answer = readonly [status: number, body: string | object];

function send(response: ServerResponse, [status, body]: Answer): void {
  const isText = typeof body === 'string';
  response.writeHead(status, { 'content-type': isText ? 'text/html' : 'application/json' });
  response.end(isText ? body : JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = z.instanceof(Buffer).parse(chunk);
    size += bytes.length;
    if (size > LARGEST_BODY) throw new Error('body too large');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

if (process.argv[1] !== undefined && pathToFileURL(process.argv[1]).href === import.meta.url) {
  const { values } = parseArgs({ options: { port: { type: 'string' }, file: { type: 'string' } } });
  const given = z.object({ port: z.coerce.number().int(), file: z.string() }).parse(values);
  const receiver = await startSlackReceiver(given);
  process.stdout.write(`${receiver.webhookUrl}\n`);
  process.once('SIGTERM', () => void receiver.stop());
}
