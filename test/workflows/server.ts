/** Temporal for tests of workflows: a server that skips time, or a small real one, and what our worker is made of. */
import { createSecretKey, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { encodeSearchAttributeIndexedValueType } from '@temporalio/common/lib/search-attributes.js';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { workerDataConverter } from '../../adapters/temporal/dataConverter.ts';
import type { KeyRing } from '../../adapters/temporal/keyRing.ts';
import { searchAttributes } from '../../core/contracts/temporal.ts';
import { build } from '../../dev/build.ts';
import { temporalBinary } from '../../dev/fetch/temporal.ts';
import { timeSkippingServer } from '../../dev/fetch/timeSkipping.ts';
import './quiet.ts';

export const newKeyRing = (): KeyRing => ({
  current: 'test',
  keys: new Map([['test', createSecretKey(randomBytes(32))]]),
});

/** The SDK's core gives the server five seconds; on a crowded machine its Java needs more, and less the second time. */
const startSkipping = async (path: string, triesLeft = 5): Promise<TestWorkflowEnvironment> => {
  try {
    return await TestWorkflowEnvironment.createTimeSkipping({
      server: { executable: { type: 'existing-path', path } },
    });
  } catch (error) {
    if (triesLeft <= 1) throw error;
    return startSkipping(path, triesLeft - 1);
  }
};

const start = async (runsOfEvents: number | null): Promise<TestWorkflowEnvironment> => {
  if (runsOfEvents === null) return startSkipping(await timeSkippingServer(() => undefined));
  const path = await temporalBinary(() => undefined);
  const suggested = `limit.historyCount.suggestContinueAsNew=${runsOfEvents}`;
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path },
      extraArgs: ['--dynamic-config-value', suggested],
    },
  });
};

/**
 * A server that skips time; or a real one, which has a run continue as new as soon as it has some events: the
 * other only ever does so after thousands.
 *
 * @param runsOfEvents - how many events a run may have before it is to continue as new; on a real server then
 */
export const startServer = async (runsOfEvents: number | null = null): Promise<TestWorkflowEnvironment> => {
  const env = await start(runsOfEvents);
  await env.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: Object.fromEntries(
      Object.values(searchAttributes).map(({ name, type }) => [
        name,
        encodeSearchAttributeIndexedValueType(type) ?? 0,
      ]),
    ),
  });
  return env;
};

/** What our workflows run on, be it to run or to replay them: the bundle that ships, and the codec. */
export const workflowsOn = async (ring: KeyRing) => {
  const [built] = await build({ only: ['workflow-bundle'] });
  if (built === undefined) throw new Error('the workflow bundle was not built');
  return {
    workflowBundle: { code: await readFile(built.path, 'utf8') },
    dataConverter: workerDataConverter(ring),
  };
};
