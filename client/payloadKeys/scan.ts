import { isGrpcServiceError, type Connection } from '@temporalio/client';
import { decode } from '@temporalio/common/lib/encoding.js';
import proto from '@temporalio/proto';
import { z } from 'zod';
import { keyIdField } from '../../adapters/temporal/codec.ts';

/** An execution whose history holds a payload of a key. */
export interface Use {
  readonly workflowId: string;
  readonly runId: string;
  /** Whether it runs: then somebody will read its history again. */
  readonly isOpen: boolean;
}

/** By the key's id. */
export type Uses = ReadonlyMap<string, readonly Use[]>;

/** gRPC's status code. */
const NOT_FOUND = 5;
const running: number = proto.temporal.api.enums.v1.WorkflowExecutionStatus.WORKFLOW_EXECUTION_STATUS_RUNNING;

const metadata = z.object({ metadata: z.record(z.string(), z.instanceof(Uint8Array)) });

/** The ids of the keys of every payload anywhere in a decoded message. */
const keysIn = (message: unknown, found: Set<string>): void => {
  if (typeof message !== 'object' || message === null || message instanceof Uint8Array) return;
  const payload = metadata.safeParse(message);
  const id = payload.success ? payload.data.metadata[keyIdField] : undefined;
  if (id !== undefined) found.add(decode(id));
  for (const member of Object.values(message)) keysIn(member, found);
};

/**
 * Reads every history that Temporal still holds, open or closed, and says which keys each needs. Nothing is
 * decrypted: a key's id stands beside what it encrypted.
 */
export const findUses = async ({ workflowService }: Connection, namespace: string): Promise<Uses> => {
  const uses = new Map<string, Use[]>();
  let page: Uint8Array | undefined;
  do {
    const listed = await workflowService.listWorkflowExecutions({
      namespace,
      pageSize: 200,
      ...(page === undefined ? {} : { nextPageToken: page }),
    });
    for (const { execution, status } of listed.executions) {
      if (execution == null) continue;
      const { workflowId, runId } = execution;
      const isOpen = Number(status) === running;
      const use = { workflowId: workflowId ?? '', runId: runId ?? '', isOpen };
      for (const id of await keysOfHistory(workflowService, namespace, execution).catch(noneOfDeleted))
        uses.set(id, [...(uses.get(id) ?? []), use]);
    }
    page = listed.nextPageToken.length > 0 ? listed.nextPageToken : undefined;
  } while (page !== undefined);
  return uses;
};

/** Temporal's list is behind: one that retention has just taken is still in it. */
const noneOfDeleted = (error: unknown): readonly string[] => {
  if (!isGrpcServiceError(error)) throw error;
  const code: number = error.code;
  if (code === NOT_FOUND) return [];
  throw error;
};

const keysOfHistory = async (
  service: Connection['workflowService'],
  namespace: string,
  execution: { readonly workflowId?: string | null; readonly runId?: string | null },
): Promise<ReadonlySet<string>> => {
  const found = new Set<string>();
  let page: Uint8Array | undefined;
  do {
    const answer = await service.getWorkflowExecutionHistory({
      ...{ namespace, execution },
      ...(page === undefined ? {} : { nextPageToken: page }),
    });
    for (const event of answer.history?.events ?? []) keysIn(event, found);
    page = answer.nextPageToken.length > 0 ? answer.nextPageToken : undefined;
  } while (page !== undefined);
  return found;
};
