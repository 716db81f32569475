/** Everything on real servers, through the real command line: one stack, in the order in which things happen. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mustRun } from '../../dev/stack/cli.ts';
import { ask, cast, playCase, viewCase, type Played } from '../../dev/stack/play.ts';
import { checkPromises, type Check } from '../../dev/stack/promises.ts';
import { rowsOf, timesOf } from '../../dev/stack/times.ts';
import type { Row } from '../../core/contracts/ledger.ts';
import { createLedgerReader } from '../../adapters/postgres/index.ts';
import { withPool } from './checks/database.ts';
import { chatMessages, drainTopic, loginEvents } from './checks/alarm.ts';
import { command, type Tried } from './checks/attempt.ts';
import {
  heldByRequester,
  openFromShares,
  tryFromOutside,
  type Credential,
  type HeldSecrets,
  type Knock,
} from './checks/outside.ts';
import { tryRefusals, type Refusals } from './checks/refusals.ts';
import {
  createSearch,
  places,
  plant,
  searchFor,
  watchProcesses,
  type Found,
  type Started,
} from './checks/secrets.ts';
import { scrape, toldIn, untold } from '../support/prometheus.ts';
import { startWhole, type Whole } from './stack.ts';

let whole: Whole;
let remove = (): Promise<void> => Promise.resolve();

beforeAll(async () => {
  // One look at the sessions, when the sentinel starts: what is compared before and after a refusal must hold still.
  const amendSettings = { sentinel: { sweepSeconds: 3_600 } };
  whole = await startWhole({ progress: () => undefined, amendSettings });
  remove = () => whole.remove();
});
afterAll(() => remove());

describe('what must be refused', () => {
  let refusals: Refusals;
  beforeAll(async () => {
    refusals = await tryRefusals(whole);
  });
  const tried = (what: string): Tried => {
    const found = refusals.tried.find((each) => each.what === what);
    if (found === undefined) throw new Error(`nobody tried ${what}`);
    return found;
  };

  it.each([
    ['an unknown scenario', 3, 'unknown-scenario', /acme-eu is not opened for “coffee-machine-down”/],
    ['a reason refused by name', 3, 'refused-reason', /refused by name \(trying a login out\); instead/],
    ['a reason refused by its words', 3, 'refused-reason', /“test the login” names a reason/],
    ['a malformed signature', 3, 'malformed-signature', /signature/],
    ['a wrong key', 3, 'unknown-key', /not signed with a key of ana/],
    ['a self-approval', 3, 'self-approval', /nobody decides their own request/],
    ['the same person with a second key', 3, 'already-counted', /one person counts once/],
    ['a replayed approval', 422, 'replayed', /accepted before/],
    ['a raw update without proof', 1, 'malformed-signature', /signature/],
    ['a recipient swapped by a custodian', 422, 'wrong-recipient', /another recipient/],
  ])('%s: a clear line, a row, nothing else', (what, exit, code, line) => {
    const refused = tried(what);
    expect(refused).toMatchObject({ exit, changed: [] });
    expect(refused.line).toMatch(line);
    expect(refused.rows).toMatchObject([
      { action: 'break_glass_refused', result: 'refused', nonce: null, metadata: { code } },
    ]);
    expect(refused.rows[0]?.metadata.events).toBeUndefined();
  });

  it('the control, a good approval: what is looked at does change', () => {
    expect(refusals.good).toMatchObject({ exit: 0, rows: [{ action: 'break_glass_approved' }] });
    expect(refusals.good.changed).toContain('cases');
  });

  it('a raw update in plaintext: refused by the validator, so that neither history nor ledger has it', () => {
    const inPlaintext = refusals.updates.find(({ what }) => what === 'a raw update in plaintext');
    expect(inPlaintext).toMatchObject({ exit: 1, rows: [], changed: [], history: [] });
    expect(inPlaintext?.line).toMatch(/not a signed envelope/);
  });

  it('a recipient swapped by the server: refused on the custodian’s machine, in its log and in the ledger', () => {
    const { onMachine } = refusals;
    expect(onMachine).toMatchObject({ exit: 4, logged: 1, changed: [] });
    expect(onMachine.line).toMatch(/the request shown does not hold/);
    expect(onMachine.rows).toMatchObject([
      { action: 'break_glass_machine_refused', actor_id: 'noor', metadata: { code: 'bad-signature' } },
    ]);
  });
});

describe('short cases', () => {
  it('denied by an approver, it is over, and nobody approves it any more', async () => {
    const { stack, account } = whole;
    const id = await ask(stack.cli, account, 'emergency', cast);
    await mustRun(stack.cli, 'ravi', 'deny', id, '--reason', 'single sign-on works for me');
    expect(await viewCase(stack.cli, 'maya', id)).toMatchObject({ phase: 'denied', released: [] });
    const late = await command(stack, 'ana', 'approve', id, '--yes');
    expect(late.exit).toBe(3);
    expect(late.line).toContain(`${id} is denied`);
  });

  it('is not approved by somebody without the role, and is withdrawn by who asked', async () => {
    const { stack, account } = whole;
    const id = await ask(stack.cli, account, 'emergency', cast);
    const ineligible = await command(stack, 'ines', 'approve', id, '--yes');
    expect(ineligible.exit).toBe(3);
    expect(ineligible.line).toContain('ines does not hold the role senior');
    expect(await viewCase(stack.cli, 'maya', id)).toMatchObject({ phase: 'requested', approvedBy: [] });
    await mustRun(stack.cli, 'maya', 'withdraw', id, '--reason', 'single sign-on is back');
    expect(await viewCase(stack.cli, 'maya', id)).toMatchObject({ phase: 'withdrawn' });
    const rows = await rowsOf(stack.cli, 'tomas', id);
    const byPeople = rows.filter(({ action }) => action !== 'break_glass_message');
    expect(byPeople.map(({ action, actor_id }) => [action, actor_id])).toEqual([
      ['break_glass_requested', 'maya'],
      ['break_glass_refused', 'ines'],
      ['break_glass_withdrawn', 'maya'],
    ]);
  });
});

describe('an emergency, from request to closed', () => {
  let played: Played;
  let rows: Row[];
  let promises: Check[];
  let old: Credential;
  let held: HeldSecrets;
  let fresh: Credential;
  let planted: string;
  let seen: Started;
  beforeAll(async () => {
    const { stack, account } = whole;
    const watch = watchProcesses();
    try {
      old = await openFromShares(stack, account);
      played = await playCase(
        {
          ...{ ...stack, account, kind: 'emergency', cast },
          beforeEnd: async (view) => {
            held = await heldByRequester(stack, view);
          },
        },
        () => undefined,
      );
      rows = await rowsOf(stack.cli, 'tomas', played.case);
      promises = await checkPromises(stack, played);
      fresh = await openFromShares(stack, account);
      planted = await plant(stack, account);
    } finally {
      seen = await watch.end();
    }
  });

  it('closes with nothing owed, and its five times follow each other', () => {
    const { phase, times, obligations } = played.view;
    expect(phase).toBe('closed');
    expect(obligations.filter(({ ended }) => ended === null)).toEqual([]);
    const inOrder = ['requested', 'authorised', 'released', 'aal2', 'ended', 'rotated', 'closed'];
    const instants = inOrder.map((name) => times[name] ?? `never ${name}`);
    expect(instants.toSorted()).toEqual(instants);
    const { access, alarm, revoke, rotate, closed } = timesOf(played, rows);
    for (const each of [access, revoke, rotate]) expect(each).toBeGreaterThan(0);
    expect(closed).toBeGreaterThan(access + rotate);
    expect(Number.isFinite(alarm)).toBe(true);
  });

  it('holds each promise that it touches', () => {
    expect(promises.filter(({ holds }) => !holds)).toEqual([]);
    expect(promises.length).toBeGreaterThan(4);
  });

  it('is told in numbers: all that the alert rules and the dashboard ask for, and nobody by name', async () => {
    const text = await scrape(whole.stack.ports);
    // Temporal's SDK tells of failed requests after the first one.
    expect(untold(toldIn(text)).filter((name) => !name.includes('failure'))).toEqual([]);
    expect(text).toMatch(/^breakglass_case_step_seconds_count\{step="closed",kind="emergency"\} 1$/m);
    const { requester, approvers, owners, custodians } = cast;
    const people = [requester, ...approvers, ...owners, ...custodians.password, ...custodians.mfa];
    for (const each of [...people, whole.account, played.case, played.session, 'breakglass-eu@'])
      expect(text).not.toContain(each);
  });

  it('is told by the ledger, whose chain holds', async () => {
    const { stack } = whole;
    const story = await mustRun(stack.cli, 'tomas', 'history', played.case);
    for (const words of [
      'asked for the account',
      'the case is authorised',
      'claimed a session',
      'the case is closed',
    ])
      expect(story).toContain(words);
    const verdict = JSON.parse(await mustRun(stack.cli, 'tomas', 'ledger', 'verify', '--json')) as unknown;
    expect(verdict).toMatchObject({ ok: true });
  });

  it('has the login in the ledger with every field of the AWS runbook', async () => {
    // Recorded as it is seen, which may be before it is claimed: then the claim's row says for which case it was.
    const all = await withPool(whole.stack, (pool) => createLedgerReader(pool).rowsAfter(0, 1_000));
    const login = all.find(
      ({ action, metadata }) =>
        action === 'break_glass_login' && JSON.stringify(metadata.events ?? []).includes(played.session),
    );
    expect(login).toMatchObject({
      ...{ actor_id: 'breakglass-eu@acme.example', resource_type: 'account', resource_id: 'acme-eu' },
      ...{ ip_address: '127.0.0.1', result: 'success' },
    });
    const claimed = rows.find(({ action }) => action === 'break_glass_claimed');
    expect(claimed).toMatchObject({
      result: 'success',
      metadata: {
        reason: 'restore the identity provider',
        incident_channel: '#inc-2041',
        expected_session_duration_minutes: 20,
      },
    });
    expect(JSON.stringify(claimed?.metadata.events)).toContain(played.session);
    expect(login?.timestamp).toBeTruthy();
    expect(login?.actor_role).toBeTruthy();
    expect(login?.user_agent).toBeTruthy();
  });

  it('rang once on each channel under one stable id, and left one row of the login', async () => {
    const { stack } = whole;
    const own = played.view.sightings.filter(({ session }) => session === played.session);
    expect(own).toHaveLength(1);
    const sighting = own[0]?.id ?? '';
    const said =
      'Break-glass account acme-eu just signed in from 127.0.0.1. Confirm that this is authorised.';
    const alarm = `alarm/${sighting}`;
    const topic = (await drainTopic(stack)).filter(({ id }) => id === alarm);
    expect(topic).toMatchObject([{ text: expect.stringContaining(said) as string }]);
    const chat = (await chatMessages(stack)).filter(({ whole: all }) => all.includes(alarm));
    expect(chat).toMatchObject([{ text: expect.stringContaining(said) as string }]);
    const events = await loginEvents(stack, sighting);
    expect(events).toMatchObject([{ ip: '127.0.0.1', user_agent: 'breakglass' }]);
    expect(z.uuid().safeParse(events[0]?.identity_id).success).toBe(true);
    // The row has the first factor, the case the second.
    const at = events[0]?.seen_at.toISOString() ?? '';
    expect([played.view.times['released'], at, own[0]?.at].toSorted()).toEqual([
      played.view.times['released'],
      at,
      own[0]?.at,
    ]);
  });

  describe('afterwards, from outside', () => {
    let knocks: readonly Knock[];
    beforeAll(async () => {
      const { stack, account } = whole;
      const { sessionToken } = held;
      knocks = (await tryFromOutside(stack, account, { ...old, sessionToken }, fresh)).knocks;
    });

    it.each([
      ['old password', 400, 'invalid_credentials'],
      ['old totp', 400, 'invalid_code'],
      ['old session token', 401, 'no_session'],
    ])('the %s is refused by Kratos', (what, status, reason) => {
      expect(knocks.find((each) => each.what === what)).toMatchObject({
        refused: true,
        status,
        said: reason,
      });
    });

    it('the newest sealed generation of each part, opened from shares, logs in to aal2', () => {
      expect(knocks.find(({ what }) => what === 'new pair')).toMatchObject({ refused: false, said: 'aal2' });
      expect(fresh.generations).toEqual({
        password: played.view.newPair?.password.generation,
        mfa: played.view.newPair?.mfa.generation,
      });
      expect(fresh.generations.password).toBeGreaterThan(old.generations.password);
      expect(fresh.generations.mfa).toBeGreaterThan(old.generations.mfa);
    });
  });

  describe('secrets', () => {
    let found: readonly Found[];
    beforeAll(async () => {
      const secrets = {
        ...{ 'old password': old.password, 'old seed': old.mfa },
        ...{ 'new password': fresh.password, 'new seed': fresh.mfa },
        ...{ 'session token': held.sessionToken, 'one-time identity': held.oneTimeIdentity, planted },
      };
      const search = createSearch(secrets);
      await searchFor(whole.stack, search, seen);
      found = search.found;
    });

    it('are found by the search wherever they are planted', () => {
      const where = found.filter(({ name }) => name === 'planted').map(({ place }) => place);
      expect(places.filter((place) => !where.includes(place))).toEqual([]);
    });

    it('lie nowhere in the clear: logs, Temporal, Postgres, state folder, arguments, environments', () => {
      expect(found.filter(({ name }) => name !== 'planted')).toEqual([]);
    });
  });
});
