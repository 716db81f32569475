import { Configuration } from '@ory/client';
import { z } from 'zod';
import { KratosError } from './errors.ts';

/** One answer of Kratos, whatever its status; the request that led to it is left behind. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: unknown;
}

interface ClientResponse {
  readonly status: number;
  readonly data: unknown;
  readonly headers: unknown;
}

/** Per-request options of the generated client. */
export interface RequestOptions {
  readonly signal: AbortSignal;
}

/** One call: its name, what must never be repeated in an error, and the request itself. */
export interface Call {
  readonly operation: string;
  readonly secrets?: readonly string[];
  readonly send: (options: RequestOptions) => Promise<ClientResponse>;
}

export type Ask = (call: Call) => Promise<Answer>;

/** A configured client and the one function that all requests go through. */
export interface Transport {
  readonly configuration: Configuration;
  readonly ask: Ask;
}

/** @param timeoutMs - for one whole request, in milliseconds. */
export function createTransport(settings: { url: string; timeoutMs: number; userAgent: string }): Transport {
  const { url, timeoutMs, userAgent } = settings;
  const configuration = new Configuration({
    basePath: url.replace(/\/+$/, ''),
    baseOptions: {
      // A proxy from the environment or a redirect would be handed the password.
      proxy: false,
      maxRedirects: 0,
      maxContentLength: 16 * 1024 * 1024,
      timeout: timeoutMs,
      // Every status is an answer, so the client's own error, which holds the request, means the network.
      validateStatus: () => true,
      headers: { 'User-Agent': userAgent },
    },
  });
  const ask: Ask = async ({ operation, send }) => {
    try {
      const { status, data, headers } = await send({ signal: AbortSignal.timeout(timeoutMs) });
      return { status, body: data, headers };
    } catch (error) {
      throw networkError(operation, error);
    }
  };
  return { configuration, ask };
}

const codeSchema = z.object({ code: z.string().regex(/^[A-Z0-9_]{1,40}$/) });

function networkError(operation: string, error: unknown): KratosError {
  const code = codeSchema.safeParse(error);
  return new KratosError({
    operation,
    id: code.success ? code.data.code : 'no_answer',
    reason: 'kratos did not answer; check its address and that it runs',
    retryable: true,
  });
}

/**
 * The body of a successful answer, parsed.
 * @throws KratosError for any other status, and for a body that is not what Kratos 1.3.1 sends.
 */
export function expectBody<T>(call: Call, answer: Answer, schema: z.ZodType<T>): T {
  expectStatus(call, answer);
  const parsed = schema.safeParse(answer.body);
  if (parsed.success) return parsed.data;
  const places = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'} (${issue.code})`);
  throw new KratosError({
    operation: call.operation,
    id: 'unexpected_answer',
    reason: `the answer is not kratos's: ${places.slice(0, 5).join(', ')}; check the address and the version`,
    status: answer.status,
    retryable: false,
  });
}

/** @throws KratosError unless the answer is a 2xx. */
export function expectStatus(call: Call, answer: Answer): void {
  if (answer.status < 200 || answer.status > 299) throw refusalError(call, answer);
}

/** Sends one call and gives its parsed body. */
export async function fetchBody<T>(ask: Ask, call: Call, schema: z.ZodType<T>): Promise<T> {
  return expectBody(call, await ask(call), schema);
}

const errorBodySchema = z.object({
  error: z.object({
    id: z.string().optional(),
    reason: z.string().optional(),
    message: z.string().optional(),
  }),
});

/** Ids and texts of a flow that came back with a complaint (Kratos answers 400 with the flow itself). */
const messagesSchema = z.array(z.object({ id: z.number(), text: z.string() })).nullish();
const flowBodySchema = z.object({
  ui: z.object({
    messages: messagesSchema,
    nodes: z.array(z.object({ messages: messagesSchema })).nullish(),
  }),
});

/** The messages of a refused flow, its fields' own included; empty when the body is no flow. */
export function flowMessages(body: unknown): { id: number; text: string }[] {
  const flow = flowBodySchema.safeParse(body);
  if (!flow.success) return [];
  const { messages, nodes } = flow.data.ui;
  return [...(messages ?? []), ...(nodes ?? []).flatMap((node) => node.messages ?? [])];
}

/** Kratos's id of an error answer, e.g. `session_aal2_required`; undefined when it gave none. */
export function errorId(body: unknown): string | undefined {
  const parsed = errorBodySchema.safeParse(body);
  return parsed.success ? parsed.data.error.id : undefined;
}

/** Turns an answer that nobody expected into the adapter's error. */
export function refusalError(call: Call, { status, body }: Answer): KratosError {
  const parsed = errorBodySchema.safeParse(body);
  const messages = flowMessages(body);
  const id =
    (parsed.success ? parsed.data.error.id : undefined) ?? messages[0]?.id.toString() ?? idOf(status);
  const said = parsed.success
    ? (parsed.data.error.reason ?? parsed.data.error.message)
    : messages.map((message) => message.text).join('; ');
  return new KratosError({
    operation: call.operation,
    id,
    reason: withoutSecrets(said === undefined || said === '' ? 'no reason given' : said, call.secrets ?? []),
    status,
    retryable: status === 429 || status >= 500,
  });
}

const statusIds: Readonly<Record<number, string>> = {
  400: 'bad_request',
  404: 'not_found',
  409: 'conflict',
  429: 'too_many_requests',
};

function idOf(status: number): string {
  return statusIds[status] ?? `status_${String(status)}`;
}

/** Kratos's validation errors can repeat their input, so a reason that holds a secret is withheld whole. */
function withoutSecrets(reason: string, secrets: readonly string[]): string {
  const repeats = secrets.some((secret) => secret !== '' && reason.includes(secret));
  return repeats ? 'withheld, because it repeats a secret' : reason.replace(/\s+/g, ' ').slice(0, 300);
}
