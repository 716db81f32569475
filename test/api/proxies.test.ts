import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { behindProxies, proxiesOf } from '../../api/proxies.ts';
import { makeHarness, type Harness } from './harness.ts';

describe('the address of a caller', () => {
  const isProxy = proxiesOf(['127.0.0.1', '10.1.0.0/16', 'fd00::/8']);
  it.each([
    ['nobody’s proxy: the header is its own word', '192.0.2.7', '198.51.100.1', '192.0.2.7'],
    ['our proxy: whom it was connected from', '127.0.0.1', '198.51.100.1', '198.51.100.1'],
    ['what the caller claimed stands before', '127.0.0.1', '203.0.113.9, 198.51.100.1', '198.51.100.1'],
    ['two of ours in a row', '127.0.0.1', '198.51.100.1, 10.1.2.3', '198.51.100.1'],
    ['a network next to ours', '10.2.0.1', '198.51.100.1', '10.2.0.1'],
    ['by IPv6', 'fd00::1', '2001:db8::7', '2001:db8::7'],
    ['mapped', '127.0.0.1', '::ffff:198.51.100.1', '198.51.100.1'],
    ['no header', '127.0.0.1', undefined, '127.0.0.1'],
    ['all ours', '127.0.0.1', '10.1.2.3', '127.0.0.1'],
    ['no address', '127.0.0.1', '198.51.100.1, <script>', '127.0.0.1'],
  ])('%s', (_, connected, header, expected) => {
    expect(behindProxies(connected, header, isProxy)).toBe(expected);
  });
});

describe('the api behind a proxy', () => {
  let api: Harness;
  beforeAll(async () => {
    api = await makeHarness({
      proxies: ['127.0.0.1'],
      limits: { challengesPerMinute: 1, statementsPerMinute: 10, refusalRowsPerSecond: 10 },
    });
  });
  afterAll(() => api.remove());

  const ask = (path: string, body: object, forwarded: string, connected: string) =>
    api.request(
      path,
      {
        method: 'POST',
        body: JSON.stringify(body),
        headers: {
          'content-type': 'application/json',
          'idempotency-key': 'a-key-of-sixteen',
          'x-forwarded-for': forwarded,
        },
      },
      connected,
    );

  it('keeps the caller’s address in the ledger, and nobody’s claim', async () => {
    await ask('/v1/statements', {}, '198.51.100.1', '127.0.0.1');
    await ask('/v1/statements', {}, '198.51.100.1', '192.0.2.9');
    expect(api.ledger.rows.map((row) => row.ip_address)).toEqual(['198.51.100.1', '192.0.2.9']);
  });

  it('limits each caller, not the proxy', async () => {
    const challenge = async (forwarded: string): Promise<number> =>
      (await ask('/v1/challenges', { person: 'erin' }, forwarded, '127.0.0.1')).status;
    expect(await challenge('198.51.100.1')).toBe(200);
    expect(await challenge('198.51.100.1')).toBe(429);
    expect(await challenge('198.51.100.2')).toBe(200);
  });
});
