import { getExternalWorkflowHandle, log } from '@temporalio/workflow';
import { wake } from '../core/contracts/temporal.ts';

/**
 * Tells other workflows that the ledger has news for them. One that is gone
 * cannot be told: it reads the ledger when it is built again.
 */
export const wakeOthers = async (ids: readonly string[]): Promise<void> => {
  await Promise.all(
    ids.map((id) =>
      getExternalWorkflowHandle(id)
        .signal(wake)
        .catch((error: unknown) => log.warn('could not wake a workflow', { id, error: String(error) })),
    ),
  );
};
