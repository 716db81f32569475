/** How long a login may wait for its claim. */
import { expect, it } from 'vitest';
import { accountId } from '../../core/contracts/ids.ts';
import { dueAccount } from '../../core/rules/account/due.ts';
import { later } from '../../core/rules/decision.ts';
import { foldAccount } from '../../core/rules/streams.ts';
import { createSightingRecorder } from '../../sentinel/record.ts';
import { createMemoryLedger } from '../support/memoryLedger.ts';
import { sightingOf } from '../support/rules.ts';
import { acme } from './acme.ts';

const account = accountId.parse('acme-eu');
const told = '2026-11-21T08:00:00.000Z';

const recorded = async (at: string) => {
  const ledger = createMemoryLedger();
  let now = told;
  const recorder = createSightingRecorder({ ledger, config: acme, now: () => new Date(now) });
  const sighting = sightingOf(1, { account, at });
  await recorder.recordLogin('aal1', sighting, null);
  return {
    again: async (when: string): Promise<void> => {
      now = when;
      await recorder.recordLogin('aal2', { ...sighting, aal: 'aal2', at: when }, null);
    },
    dueAt: (when: string): string[] =>
      dueAccount(foldAccount(ledger.rows, account), when).map((each) => each.sighting),
  };
};

it.each([
  ['just now', told],
  ['ten minutes ago, told of after an outage', later(told, -600)],
  ['in an hour, by a clock that is wrong', later(told, 3600)],
])('a login %s: is undeclared a minute after it was recorded, not sooner and not later', async (_, at) => {
  const { again, dueAt } = await recorded(at);
  expect(dueAt(later(told, 59.999))).toEqual([]);
  expect(dueAt(later(told, 60))).toEqual([sightingOf(1).id]);
  await again(later(told, 50));
  expect(dueAt(later(told, 60))).toEqual([sightingOf(1).id]);
});
