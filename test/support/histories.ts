/** Histories as files: payloads decrypted, so that no key lies beside them; no secret is in them in any case. */
import type { Payload } from '@temporalio/common';
import proto from '@temporalio/proto';
import { z } from 'zod';
import { createPayloadCodec } from '../../adapters/temporal/codec.ts';
import type { KeyRing } from '../../adapters/temporal/keyRing.ts';
import type { BreakglassClient } from '../../client/temporal.ts';

const { History: HistoryMessage } = proto.temporal.api.history.v1;
export type History = proto.temporal.api.history.v1.History;

const isPayload = (value: object): value is Payload => 'metadata' in value && 'data' in value;

/** Opens every payload in a history, wherever it lies, in place. */
const openPayloads = async (value: unknown, ring: KeyRing): Promise<void> => {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  if (isPayload(value) && value.metadata?.['encryption-key-id'] !== undefined) {
    const [opened] = await createPayloadCodec(ring, 'throw').decode([value]);
    Object.assign(value, opened);
    return;
  }
  for (const each of Object.values(value)) await openPayloads(each, ring);
};

/** A history and the workflow id it was recorded under, which a workflow refuses to differ from. */
export interface Stored {
  readonly workflowId: string;
  readonly history: History;
}

const file = z.object({ workflowId: z.string(), history: z.record(z.string(), z.unknown()) });

/** A workflow's history as the text of a file, payloads readable. */
export const historyText = async (
  client: BreakglassClient,
  workflowId: string,
  ring: KeyRing,
): Promise<string> => {
  const history = await client.raw.workflow.getHandle(workflowId).fetchHistory();
  await openPayloads(history, ring);
  const plain = HistoryMessage.toObject(HistoryMessage.fromObject(history), {
    ...{ longs: String, enums: String, bytes: String },
  });
  return `${JSON.stringify({ workflowId, history: plain }, null, 1)}\n`;
};

export const readStored = (text: string): Stored => {
  const { workflowId, history } = file.parse(JSON.parse(text));
  return { workflowId, history: HistoryMessage.fromObject(history) };
};
