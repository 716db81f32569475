/** What “stop” ends: every session that nobody declared, and no other case's. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRecorder } from '../../activities/recorder.ts';
import { createSessionActivities } from '../../activities/sessions.ts';
import type { KratosAdmin } from '../../adapters/kratos/index.ts';
import { statementDigest } from '../../core/trust/envelope.ts';
import { foldCase } from '../../core/rules/streams.ts';
import { verifyConfigChain } from '../../core/trust/configChain.ts';
import { account, makeHarness, theCase, type Harness } from '../api/harness.ts';
import { intrude } from '../api/intrude.ts';

const ofCase = '8b4e3f70-7c5f-4a52-9b45-6f0a9f3b2c21';
const ofStranger = '8b4e3f70-7c5f-4a52-9b45-6f0a9f3b2c22';
/** One that no report has told of yet. */
const unseen = '8b4e3f70-7c5f-4a52-9b45-6f0a9f3b2c23';

type Alive = Awaited<ReturnType<KratosAdmin['listSessions']>>[number];

describe('an undeclared use that is stopped beside an open case', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await makeHarness();
    await harness.provision();
    await harness.walk('released');
  });
  afterAll(() => harness.remove());

  it('has its sessions ended, and those that nobody has told of; not the open case’s', async () => {
    const { ledger, org } = harness;
    const asked = ledger.rows.find((row) => row.action === 'break_glass_requested')?.metadata.envelope;
    const request = statementDigest(asked?.statement ?? '');
    const heard = async (by: 'alice' | 'olga', members: Parameters<Harness['sealed']>[1]) =>
      (await harness.submit(await harness.sealed(by, { account, ...members }))).status;
    expect(await heard('alice', { type: 'claim', case: theCase, request, session: ofCase })).toBe(200);
    const use = await intrude(harness, ofStranger);
    expect(await heard('olga', { type: 'stop', case: use, reason: 'nobody signed in' })).toBe(200);

    const configs = () => {
      const verified = verifyConfigChain(org.chain, org.digest);
      if (!verified.ok) throw new Error(verified.why);
      return verified;
    };
    const ended: string[] = [];
    const alive = [ofCase, ofStranger, unseen].map((id) => ({ id, active: true }) as Alive);
    const activities = createSessionActivities({
      ...{
        ledger,
        configs,
        record: createRecorder({ ledger, configs }),
        clock: () => new Date(harness.now()),
      },
      admin: {
        findIdentity: () => Promise.resolve(undefined),
        listSessions: () => Promise.resolve(alive),
        endSession: async (id) => {
          ended.push(id);
          return Promise.resolve(true);
        },
      },
    });
    await activities.endSessions({ id: use, after: 0 });
    expect(ended).toEqual([ofStranger, unseen]);
    expect(foldCase(ledger.rows, use)?.sessionsEnded).toEqual(ended);
    expect(foldCase(ledger.rows, theCase)).toMatchObject({ phase: 'in-session', sessionsEnded: null });
  });
});
