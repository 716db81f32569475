/** Reading a signed envelope from a request: what is none is refused here, with a row. */
import type { Context } from 'hono';
import { envelope as envelopeSchema, type Envelope, type Statement } from '../core/contracts/statements.ts';
import { readStatement } from '../core/trust/envelope.ts';
import type { ApiEnv, Origin } from './env.ts';
import { issueText, notAStatement, problemOf } from './problems.ts';
import type { Attempt, RefusalRows } from './refusalRows.ts';

/** A statement as it came; nothing about it is proven. */
export interface Received {
  readonly envelope: Envelope;
  readonly statement: Statement;
  readonly origin: Origin;
  readonly body: string;
}

/**
 * Reads the body as an envelope of a statement.
 *
 * @throws ApiProblem 415 for another media type; 400, with a row in the ledger, for what is no statement
 */
export const receive = async (context: Context<ApiEnv>, rows: RefusalRows): Promise<Received> => {
  const [mediaType = ''] = (context.req.header('content-type') ?? '').split(';');
  if (mediaType.trim().toLowerCase() !== 'application/json')
    throw problemOf('unsupported-media-type', 'the body must be application/json');
  const origin = context.get('from');
  const body = await context.req.text();
  const refuse = async (attempt: Pick<Attempt, 'code' | 'why'>): Promise<never> => {
    await rows.record({ ...attempt, origin, body });
    throw notAStatement(attempt);
  };
  const value = parseJson(body);
  if (value === undefined) return refuse({ code: 'bad-request', why: 'the body is not JSON' });
  const envelope = envelopeSchema.safeParse(value);
  if (!envelope.success)
    return refuse({ code: 'bad-request', why: `the body is no envelope: ${issueText(envelope.error)}` });
  const read = readStatement(envelope.data.statement);
  if (!read.ok) return refuse({ code: 'malformed-statement', why: read.why });
  return { envelope: envelope.data, statement: read.statement, origin, body };
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
