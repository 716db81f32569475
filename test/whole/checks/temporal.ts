/** Reaching for a case past the api, with a Temporal client of one's own. */
import { Client, Connection, WorkflowUpdateFailedError } from '@temporalio/client';
import proto from '@temporalio/proto';
import { createPayloadCodec } from '../../../adapters/temporal/codec.ts';
import { clientDataConverter } from '../../../adapters/temporal/dataConverter.ts';
import { loadKeyRing } from '../../../adapters/temporal/keyRing.ts';
import { RefusedByProcess } from '../../../client/errors.ts';
import { createBreakglassClient, type BreakglassClient } from '../../../client/temporal.ts';
import { submit, type Submission } from '../../../core/contracts/temporal.ts';
import type { Stack } from '../../../dev/stack/index.ts';

const { EventType } = proto.temporal.api.enums.v1;

export interface Temporal {
  /** The typed client, with the payload keys. */
  readonly keyed: BreakglassClient;
  /** Sends an update whose payloads are plain JSON; the answer is still decrypted, so that it can be read. */
  plain(workflowId: string, submission: Submission): Promise<unknown>;
  /** The kinds of a workflow's events, in order. */
  history(workflowId: string): Promise<string[]>;
  close(): Promise<void>;
}

export const reachTemporal = async ({ servers, secrets }: Stack): Promise<Temporal> => {
  const { address, namespace } = servers.temporal;
  const connection = await Connection.connect({ address });
  const keyRing = loadKeyRing(secrets.payloadKeyFile);
  const keyed = createBreakglassClient({ connection, namespace, keyRing });
  const codec = createPayloadCodec(keyRing, 'throw');
  const plain = new Client({
    ...{ connection, namespace },
    dataConverter: {
      ...clientDataConverter(keyRing),
      payloadCodecs: [
        { encode: (payloads) => Promise.resolve(payloads), decode: (payloads) => codec.decode(payloads) },
      ],
    },
  });
  return {
    keyed,
    plain: (workflowId, submission) =>
      plain.workflow.getHandle(workflowId).executeUpdate(submit, { args: [submission] }),
    history: async (workflowId) => {
      const { events } = await keyed.raw.workflow.getHandle(workflowId).fetchHistory();
      return (events ?? []).map((event) => EventType[Number(event.eventType)] ?? 'unknown');
    },
    close: () => connection.close(),
  };
};

/** What a refused update says; an update that was not refused throws. */
export const refusalOf = async (update: Promise<unknown>): Promise<string> => {
  try {
    await update;
  } catch (error) {
    if (error instanceof RefusedByProcess) return error.message;
    if (error instanceof WorkflowUpdateFailedError) return error.cause?.message ?? error.message;
    throw error;
  }
  throw new Error('the update was accepted');
};
