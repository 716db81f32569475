import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { buildApp } from 'fauxqs';
import { z } from 'zod';

const HOST = '127.0.0.1';
// The package's types do not resolve from outside it, so what is used of its app is said here.
interface EmulatorApp {
  addHook(name: 'preHandler', hook: (request: EmulatorRequest) => Promise<void>): void;
  addHook(
    name: 'onSend',
    hook: (request: unknown, reply: unknown, payload: unknown) => Promise<unknown>,
  ): void;
  listen(where: { port: number; host: string }): Promise<string>;
  close(): Promise<void>;
}
interface EmulatorRequest {
  body: unknown;
  readonly headers: { readonly authorization?: string };
}
const emulatorApp = z.custom<EmulatorApp>(
  (value) => typeof value === 'object' && value !== null && 'addHook' in value && 'listen' in value,
);
const withQueueUrl = z.looseObject({ QueueUrl: z.string() });

/**
 * Runs the SNS and SQS emulator on loopback until SIGTERM. Its state is in memory only.
 *
 * Its own `startFauxqs` listens on every address of the machine, and it names queues under
 * `sqs.REGION.localhost`, which many systems do not resolve: so it listens on loopback here, and the addresses
 * it gives out are turned into ones that can be reached, as AWS's are.
 */
async function serve(port: number): Promise<void> {
  const app = emulatorApp.parse(buildApp({ logger: false }));
  const outside = `http://${HOST}:${port}/`;
  const inside = (region: string): string => `http://sqs.${region}.localhost:${port}/`;
  app.addHook('preHandler', async (request) => {
    const body = withQueueUrl.safeParse(request.body);
    const region = /Credential=[^/]+\/\d+\/([a-z0-9-]+)\//.exec(request.headers.authorization ?? '')?.[1];
    if (!body.success || region === undefined) return;
    request.body = { ...body.data, QueueUrl: body.data.QueueUrl.replace(outside, inside(region)) };
  });
  app.addHook('onSend', async (_request, _reply, payload) => {
    if (typeof payload !== 'string') return payload;
    return payload.replaceAll(new RegExp(`http://sqs\\.[a-z0-9-]+\\.localhost:${port}/`, 'g'), outside);
  });
  await app.listen({ port, host: HOST });
  process.once('SIGTERM', () => void app.close());
}

if (process.argv[1] !== undefined && pathToFileURL(process.argv[1]).href === import.meta.url) {
  const { values } = parseArgs({ options: { port: { type: 'string' } } });
  await serve(z.coerce.number().int().positive().parse(values.port));
}
