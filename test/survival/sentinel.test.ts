/** Logins to a break-glass account with our own servers away, hooks lost and forged, processes killed: on real servers. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forge } from './checks/forgedHooks.ts';
import { bothDown, endBoth, killBeforeRow, loseHook, outlive } from './checks/sentinel.ts';
import { temporalDown, topicDown } from './checks/sentinel.ts';
import { silence, strand } from './checks/silence.ts';
import { startWatched, type Watched } from './checks/watched.ts';

let watched: Watched;
let remove = (): Promise<void> => Promise.resolve();
beforeAll(async () => {
  watched = await startWatched(() => undefined);
  remove = () => watched.remove();
});
afterAll(() => remove());

/** One login, told of once everywhere. */
const once = {
  ...{ accepted: ['incident-slack', 'security-topic'], sightings: 1, events: 1 },
  rung: { 'security-topic': 1, 'incident-slack': 1 },
};

describe('a login that nobody declared', () => {
  it.each([
    { ...temporalDown, rangMeanwhile: ['security-topic', 'incident-slack'] },
    { ...bothDown, rangMeanwhile: ['security-topic', 'incident-slack'] },
    { ...topicDown, rangMeanwhile: ['incident-slack'] },
  ])('without $name: rings at once; then one row a factor, one alarm, one case', async (outage) => {
    expect(await outlive(watched, outage)).toMatchObject({
      ...{ ...once, rangMeanwhile: outage.rangMeanwhile, rows: ['aal1', 'aal2'] },
      ...{ unclaimed: 1, cases: 1 },
    });
  });

  it('whose hook is lost is found by the sweep; the hook that comes late rings no more', async () => {
    expect(await loseHook(watched)).toMatchObject({ ...once, rows: ['aal1'], saysSo: true });
  });

  it('with the sentinel killed between the alarm and the row: rings once, and has one row', async () => {
    expect(await killBeforeRow(watched)).toMatchObject({ ...once, rows: ['aal1'] });
  });
});

describe('posts to the running sentinel that are no hooks of kratos', () => {
  it('with a wrong key, posted again, of an unknown identity, huge: change nothing, and ring as what they are', async () => {
    expect(await forge(watched)).toEqual({
      ...{ statuses: [401, 202, 400, 413], changed: [], rows: 0, alarms: 0 },
      warned: ['identity that Kratos does not know', 'posts forged login hooks', 'too large to be read'],
    });
  });
});

describe('a session that is over', () => {
  it('is a logout nobody declared, once, and none when a person has stopped it', async () => {
    expect(await endBoth(watched)).toEqual({ loggedOut: 1, stopped: 0 });
  });
});

describe('a process that is killed', () => {
  it.each(['worker', 'sentinel'] as const)(
    'the %s: the other one rings, and the outside monitor is called no more',
    async (name) => {
      const { rung, called } = await silence(watched, name);
      expect(rung).toEqual({ 'security-topic': 1, 'incident-slack': 1 });
      expect(called.before).toBeGreaterThan(0);
      expect(called.meanwhile).toBe(0);
    },
  );
});

describe('a worker that lives and cannot reach Temporal', () => {
  it('rings by the sentinel, and the outside monitor is called no more', async () => {
    const { rung, called } = await strand(watched, 'temporal');
    expect(rung).toEqual({ 'security-topic': 1, 'incident-slack': 1 });
    expect(called.before).toBeGreaterThan(0);
    expect(called.meanwhile).toBe(0);
  });
});
