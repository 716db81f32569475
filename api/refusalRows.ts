/** Rows for what the api refuses itself: each attempt is kept, a flood of them is counted. */
import { createHash, randomUUID } from 'node:crypto';
import type { AccountId, CaseId } from '../core/contracts/ids.ts';
import type { Ledger, RowDraft } from '../core/contracts/ledger.ts';
import type { Log } from './deps.ts';
import type { Origin } from './env.ts';
import { createRateLimit } from './rateLimit.ts';

/** An attempt that reached no workflow. */
export interface Attempt {
  readonly origin: Origin;
  readonly code: string;
  readonly why: string;
  /** The body as it came: of it only size and digest are kept, since it may hold anything. */
  readonly body: string;
  /** What it claims to be about, where that could be read. */
  readonly account?: AccountId;
  readonly case?: CaseId | null;
  /** Who it claims to be from: proven by nothing. */
  readonly by?: string | null;
}

export interface RefusalRows {
  /** Writes the attempt, or counts it. Throws what the ledger throws. */
  record(attempt: Attempt): Promise<void>;
  /** Writes what was counted since. */
  flush(): Promise<void>;
}

/** Characters of a reason that are kept. */
const LONGEST_WHY = 300;

/** @param perSecond - rows for one address */
export const createRefusalRows = (deps: {
  readonly ledger: Ledger;
  readonly now: () => string;
  readonly log: Log;
  readonly perSecond: number;
}): RefusalRows => {
  const { ledger, now, log, perSecond } = deps;
  const isAllowed = createRateLimit(perSecond, 1);
  let counted = { attempts: 0, addresses: new Set<string>(), since: '' };

  const write = (draft: Pick<RowDraft, 'metadata'> & Partial<RowDraft>): Promise<unknown> =>
    ledger.transact((tx) =>
      tx.append({
        ...{ timestamp: now(), actor_id: 'unknown', actor_role: 'unproven', action: 'break_glass_refused' },
        ...{ resource_type: 'ledger', resource_id: 'statements', ip_address: null, user_agent: null },
        ...{ result: 'refused', case_id: null, nonce: null, key: `api/refused/${randomUUID()}` },
        ...draft,
      }),
    );

  const flush = async (): Promise<void> => {
    if (counted.attempts === 0) return;
    const { attempts, addresses, since } = counted;
    counted = { attempts: 0, addresses: new Set(), since: '' };
    log.warn({ attempts, addresses: addresses.size }, 'refused attempts counted in one row');
    const why = 'more refused attempts than are written one by one';
    try {
      await write({ metadata: { code: 'flood', why, attempts, since, addresses: [...addresses] } });
    } catch (error) {
      counted = {
        attempts: counted.attempts + attempts,
        addresses: new Set([...addresses, ...counted.addresses].slice(0, 20)),
        since,
      };
      throw error;
    }
  };

  return {
    flush,
    record: async ({ origin, code, why, body, account, case: about = null, by = null }) => {
      if (!isAllowed(origin.ip, now())) {
        if (counted.attempts === 0) counted.since = now();
        counted.attempts += 1;
        if (counted.addresses.size < 20) counted.addresses.add(origin.ip ?? 'unknown');
        return;
      }
      await write({
        actor_id: by ?? 'unknown',
        ip_address: origin.ip,
        user_agent: origin.userAgent,
        case_id: about,
        ...(account === undefined ? {} : { resource_type: 'account', resource_id: account }),
        metadata: {
          ...{ code, why: why.slice(0, LONGEST_WHY), bytes: Buffer.byteLength(body) },
          sha256: createHash('sha256').update(body).digest('hex'),
        },
      });
      await flush();
    },
  };
};
