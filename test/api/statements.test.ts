import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseUnavailable } from '../../adapters/postgres/index.ts';
import { ProcessUnavailable } from '../../client/errors.ts';
import { accepted, caseView, problem } from '../../core/contracts/http.ts';
import { statement as statementSchema } from '../../core/contracts/statements.ts';
import { statementDigest } from '../../core/trust/envelope.ts';
import { routeOf } from '../../api/routes/statements.ts';
import { makeOrg, newNonce, type Org } from '../support/org.ts';
import { account, address, makeHarness, origin, requestOf, theCase, type Harness } from './harness.ts';

const limits = { challengesPerMinute: 300, statementsPerMinute: 300, refusalRowsPerSecond: 3 };

describe('a signed statement brought to the api', () => {
  let api: Harness;
  let org: Org;
  beforeAll(async () => {
    org = await makeOrg(origin);
  });
  beforeEach(async () => {
    api = await makeHarness({ limits, org });
    await api.provision();
  });
  afterAll(() => org.remove());

  const problemOf = async (response: Response) => {
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    const body = problem.parse(await response.json());
    expect(body).toMatchObject({ status: response.status, type: `urn:breakglass:problem:${body.code}` });
    return body;
  };
  const request = () => api.sealed('alice', requestOf(api.org.keys.alice.ageRecipient));
  const asked = async () => statementDigest((await request()).statement);
  const lastRow = () => api.ledger.rows.at(-1);

  it('given a request, opens a case, without a token, and says who is waited for', async () => {
    const response = await api.submit(await request());
    expect(accepted.parse(await response.json())).toMatchObject({
      case: theCase,
      events: ['case-opened', 'requested'],
    });
    expect(lastRow()).toMatchObject({
      actor_id: 'alice',
      ip_address: address,
      action: 'break_glass_requested',
    });
    const view = caseView.parse(await (await api.get('alice', '/v1/cases/acme-eu/2026-11-21-01')).json());
    expect(view.waitingFor).toEqual([
      {
        who: ['bob', 'carol', 'dan'],
        forWhat: '2 more signatures of role senior',
        command: 'breakglass approve case/acme-eu/2026-11-21-01',
      },
    ]);
  });

  it('given the same key and statement, asks the process for the same update; another statement for another', async () => {
    const [one, other] = [await request(), await request()];
    const key = newNonce();
    for (const envelope of [one, one, other]) await api.submit(envelope, key);
    const [first, second, third] = api.updates;
    expect(first).toBe(second);
    expect(third).not.toBe(first);
    expect(first?.startsWith(key)).toBe(true);
  });

  it('given a statement that the process refuses, answers 422 with its code; the row is the process’s', async () => {
    const envelope = await api.sealed('alice', { ...requestOf('age1'), scenario: 'boredom' });
    const before = api.ledger.rows.length;
    expect(await problemOf(await api.submit(envelope))).toMatchObject({
      status: 422,
      code: 'unknown-scenario',
    });
    expect(api.ledger.rows.length).toBe(before + 1);
    expect(lastRow()).toMatchObject({ action: 'break_glass_refused', actor_id: 'alice' });
  });

  it.each([
    ['text that is no JSON', 'not JSON', 'bad-request'],
    ['JSON that is no envelope', '{"statement":"x"}', 'bad-request'],
    ['an envelope of no statement', '{"statement":"{}","signature":"x"}', 'malformed-statement'],
    [
      'an envelope of text in another spelling',
      '{"statement":"{ \\"v\\":1}","signature":"x"}',
      'malformed-statement',
    ],
    [
      'names that no store keeps',
      '{"statement":"{\\"e\\u0301\\\\u0000\\":1}","signature":"x"}',
      'malformed-statement',
    ],
  ])('given %s, answers 400 and leaves a row that holds none of it', async (_, body, code) => {
    const response = await api.post('/v1/statements', body, {
      'idempotency-key': newNonce(),
      'user-agent': 'curl/8',
    });
    expect(await problemOf(response)).toMatchObject({ status: 400, code });
    expect(api.updates).toEqual([]);
    expect(lastRow()).toMatchObject({
      ...{ action: 'break_glass_refused', actor_id: 'unknown', result: 'refused', resource_id: 'statements' },
      ...{ ip_address: address, user_agent: 'curl/8' },
      metadata: { code, bytes: Buffer.byteLength(body), sha256: statementDigest(body) },
    });
    expect(JSON.stringify(lastRow())).not.toContain('signature');
  });

  it.each([
    [
      'an account that the config does not have',
      { type: 'rotate', account: 'acme-us', reason: 'x' },
      'unknown-account',
    ],
    [
      'an account named like a member of every object',
      { type: 'provision', account: 'constructor' },
      'unknown-account',
    ],
    [
      'a case that never was',
      {
        type: 'withdrawal',
        account,
        case: 'case/acme-eu/2020-01-01-01',
        request: 'a'.repeat(64),
        reason: 'x',
      },
      'wrong-case',
    ],
  ])('given %s, refuses it with a row, before any workflow is started', async (_, members, code) => {
    const envelope = await api.sealed('alice', members);
    expect(await problemOf(await api.submit(envelope))).toMatchObject({ status: 422, code });
    expect(api.updates).toEqual([]);
    expect(lastRow()).toMatchObject({ action: 'break_glass_refused', metadata: { code } });
  });

  it('given a decision on a case that is over, refuses it with a row', async () => {
    const envelope = await request();
    await api.submit(envelope);
    const about = { case: theCase, account, request: statementDigest(envelope.statement) };
    await api.submit(await api.sealed('alice', { type: 'withdrawal', reason: 'mended', ...about }));
    const late = await api.sealed('bob', { type: 'approval', role: 'senior', ...about });
    expect(await problemOf(await api.submit(late))).toMatchObject({ status: 422, code: 'wrong-phase' });
    expect(lastRow()).toMatchObject({ action: 'break_glass_refused', case_id: theCase });
  });

  it('given no idempotency key, another media type or too much, refuses without a row', async () => {
    const before = api.ledger.rows.length;
    const envelope = await request();
    expect(await problemOf(await api.post('/v1/statements', envelope))).toMatchObject({ status: 400 });
    const text = { 'content-type': 'text/plain', 'idempotency-key': newNonce() };
    expect(await problemOf(await api.post('/v1/statements', envelope, text))).toMatchObject({
      ...{ status: 415, code: 'unsupported-media-type' },
    });
    const long = { statement: 'x'.repeat(128 * 1024), signature: '' };
    expect(await problemOf(await api.submit(long))).toMatchObject({ status: 413, code: 'too-large' });
    expect(api.ledger.rows.length).toBe(before);
  });

  it('given a flood of refused bodies, writes a few rows and counts the rest in one', async () => {
    const before = api.ledger.rows.length;
    const rowsSince = () => api.ledger.rows.slice(before);
    for (let n = 0; n < 20; n += 1) expect((await api.submit('no')).status).toBe(400);
    expect(rowsSince()).toHaveLength(limits.refusalRowsPerSecond);
    api.advance(1);
    await api.submit('no');
    expect(rowsSince()).toHaveLength(limits.refusalRowsPerSecond + 2);
    expect(lastRow()).toMatchObject({ metadata: { code: 'flood', attempts: 17, addresses: [address] } });
    await api.flush();
    expect(rowsSince()).toHaveLength(limits.refusalRowsPerSecond + 2);
  });

  it('given too many statements from one address, refuses them', async () => {
    const small = await makeHarness({ limits: { ...limits, statementsPerMinute: 1 }, org });
    await small.submit('no');
    expect(await problemOf(await small.submit('no'))).toMatchObject({ status: 429, code: 'too-many' });
  });

  it('given that Temporal does not answer, says so and what still works; reading goes on', async () => {
    const down = () => Promise.reject(new ProcessUnavailable('down'));
    api.breakDown({ process: { submitToAccount: down, submitToCase: down } });
    const response = await api.submit(await request());
    expect(response.headers.get('retry-after')).toBe('5');
    const body = await problemOf(response);
    expect(body).toMatchObject({ status: 503, code: 'unavailable' });
    expect(body.detail).toMatch(/cannot be taken now.*can still be read/);
    expect((await api.get('bob', '/v1/cases')).status).toBe(200);
  });

  it('given that the ledger does not answer, says so', async () => {
    const down = () => Promise.reject(new DatabaseUnavailable('reading', '08006', 'no connection'));
    api.breakDown({
      reader: { rowsAfter: down, rowsOfCase: down, rowsOfAccount: down, historyOfCase: down, cases: down },
    });
    expect(await problemOf(await api.get('bob', '/v1/cases'))).toMatchObject({
      status: 503,
      code: 'unavailable',
    });
    expect((await api.get('bob', '/v1/config')).status).toBe(200);
  });

  it('given the unforeseen, answers with nothing but the request’s number, which the log has too', async () => {
    const broken = () => Promise.reject(new TypeError('x is secret-7'));
    api.breakDown({
      reader: {
        rowsAfter: broken,
        rowsOfCase: broken,
        rowsOfAccount: broken,
        historyOfCase: broken,
        cases: broken,
      },
    });
    const response = await api.get('bob', '/v1/cases');
    const body = await problemOf(response);
    expect(body).toMatchObject({ status: 500, code: 'internal' });
    expect(JSON.stringify(body)).not.toContain('secret-7');
    const requestId = response.headers.get('x-request-id');
    expect(body.detail).toContain(requestId);
    expect(api.log).toContainEqual(expect.objectContaining({ requestId, error: 'TypeError' }));
  });

  it('given what a machine refused, keeps it once; its signature is checked', async () => {
    const members = {
      type: 'machine-refusal',
      account,
      case: null,
      doing: 'release',
      code: 'wrong-recipient',
      why: 'x',
    };
    const envelope = await api.sealed('erin', members);
    const first = accepted.parse(await (await api.post('/v1/refusals', envelope)).json());
    const again = accepted.parse(await (await api.post('/v1/refusals', envelope)).json());
    expect(again.seq).toBe(first.seq);
    expect(lastRow()).toMatchObject({
      ...{ seq: first.seq, action: 'break_glass_machine_refused', actor_id: 'erin', ip_address: address },
      metadata: { code: 'wrong-recipient', envelope },
    });
    const forged = { ...envelope, signature: (await api.sealed('frank', members)).signature };
    expect(await problemOf(await api.post('/v1/refusals', forged))).toMatchObject({
      status: 422,
      code: 'unknown-key',
    });
    expect(lastRow()).toMatchObject({
      action: 'break_glass_refused',
      actor_id: 'erin',
      actor_role: 'unproven',
    });
  });

  it('given a decision as a refusal, or a refusal as a decision, takes neither', async () => {
    const rotate = await api.sealed('quinn', { type: 'rotate', account, reason: 'leak' });
    expect(await problemOf(await api.post('/v1/refusals', rotate))).toMatchObject({
      code: 'malformed-statement',
    });
    const members = { type: 'machine-refusal', account, case: null, doing: 'x', code: 'x', why: 'x' };
    const refusal = await api.sealed('erin', members);
    expect(await problemOf(await api.submit(refusal))).toMatchObject({
      status: 400,
      code: 'malformed-statement',
    });
    expect(api.updates).toEqual([]);
  });

  it('routes every kind of statement', async () => {
    const about = { case: theCase, account, request: await asked() };
    const rotation = 'rotation/acme-eu/2026-11-21-01';
    const attestation = {
      type: 'attestation',
      account,
      rotation,
      part: 'mfa',
      generation: 1,
      seal: 'a'.repeat(64),
      keptAt: 'x',
    };
    const session = '8b4e3f70-7c5f-4a52-9b45-6f0a9f3b2c11';
    const tried = {
      password: { generation: 1, refused: true, status: 400 },
      session: null,
      triedAt: api.now(),
    };
    const share = { part: 'mfa', generation: 1, seal: 'a'.repeat(64), recipient: 'age1x', ciphertext: 'x' };
    const toAccount = [
      requestOf('age1x'),
      { type: 'provision', account },
      { type: 'rotate', account, reason: 'x' },
      { type: 'claim', ...about, session },
      { type: 'override', account, reason: 'x' },
      { ...attestation, case: null },
    ];
    const toCase = [
      { type: 'approval', ...about, role: 'senior' },
      { type: 'denial', ...about, role: 'senior', reason: 'x' },
      { type: 'withdrawal', ...about, reason: 'x' },
      { type: 'release', ...about, ...share },
      { type: 'end', ...about, reason: 'x' },
      { type: 'refusals', ...about, ...tried },
      { type: 'write-up', ...about, document: 'session-log', text: 'x' },
      { ...attestation, case: theCase },
      { type: 'stop', case: theCase, account, reason: 'x' },
      { type: 'finding', ...about, finding: 'admin-1', how: 'explained', reason: 'x' },
    ];
    const route = async (members: Parameters<Harness['sealed']>[1]) =>
      routeOf(statementSchema.parse(JSON.parse((await api.sealed('alice', members)).statement)));
    for (const members of toAccount) expect(await route(members)).toEqual({ account });
    for (const members of toCase) expect(await route(members)).toEqual({ account, case: theCase });
    const types = [...toAccount, ...toCase].map((each) => each.type);
    expect(new Set([...types, 'machine-refusal'])).toEqual(
      new Set(statementSchema.options.map((option) => option.shape.type.value)),
    );
  });
});
