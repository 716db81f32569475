import type { LoadedConfigs } from '../adapters/config/load.ts';
import type { Ledger } from '../core/contracts/ledger.ts';

/**
 * Writes each config of the chain into the ledger once, with the signatures
 * that put it in force; the first is the recorded ceremony.
 */
export const recordConfigs = async (
  ledger: Ledger,
  { configs, chain }: LoadedConfigs,
  now: string,
): Promise<void> => {
  const digests = [...configs.keys()];
  await ledger.transact(async (tx) => {
    for (const [n, digest] of digests.entries()) {
      const key = `config/${digest}`;
      if ((await tx.rowByKey(key)) !== null) continue;
      // What is relied on may begin later than the chain does.
      const signed = chain[chain.length - digests.length + n];
      await tx.append({
        timestamp: now,
        actor_id: 'breakglass',
        actor_role: 'worker',
        action: 'break_glass_config',
        resource_type: 'config',
        resource_id: digest,
        ip_address: null,
        user_agent: null,
        result: 'success',
        case_id: null,
        nonce: null,
        key,
        metadata: {
          ceremony: signed?.previous === null,
          signatures: signed?.signatures ?? [],
          previous: signed?.previous ?? null,
        },
      });
    }
  });
};
