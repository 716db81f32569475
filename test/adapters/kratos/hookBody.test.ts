import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseKratosHook } from '../../../adapters/kratos/index.ts';

const body = {
  event: 'login',
  identityId: 'a6e26a59-54e5-46c8-8b90-f3a439cdfeab',
  flow: {
    id: 'c6cd31a1-d70c-471a-bcee-dd0bbc78abf6',
    type: 'api',
    method: 'password',
    requestedAal: 'aal1',
    refresh: false,
  },
  session: {
    id: '00000000-0000-0000-0000-000000000000',
    aal: 'aal1',
    authenticatedAt: '2026-11-21T07:59:08.792141512Z',
    firstMethodAt: '2026-11-21T07:59:08.79213359Z',
    methods: [{ method: 'password', aal: 'aal1', completedAt: '2026-11-21T07:59:08.79213359Z' }],
  },
  ip: '127.0.0.1:53110',
  userAgent: 'breakglass',
  at: '2026-11-21T07:59:08.792141512Z',
};

describe('the body of a login hook', () => {
  it('has no session id where Kratos sent the nil one, and keeps every digit of its times', () => {
    const { session } = parseKratosHook(body) ?? {};
    expect(session?.id).toBeNull();
    expect(session?.firstMethodAt).toBe('2026-11-21T07:59:08.79213359Z');
  });

  it.each([
    ['127.0.0.1:53110', '127.0.0.1'],
    ['[2001:db8::1]:53110', '2001:db8::1'],
    ['203.0.113.7', '203.0.113.7'],
    ['2001:db8::1', '2001:db8::1'],
    ['', null],
    [null, null],
  ])('gives the address without its port: %s', (ip, address) => {
    expect(parseKratosHook({ ...body, ip })?.ip).toBe(address);
  });

  it('is no body when a field it rests on is absent or of another kind', () => {
    for (const key of Object.keys(body)) {
      expect(parseKratosHook(Object.fromEntries(Object.entries(body).filter(([name]) => name !== key)))).toBe(
        undefined,
      );
    }
    expect(parseKratosHook({ ...body, identityId: 'admin' })).toBeUndefined();
    expect(parseKratosHook({ ...body, event: 'logout' })).toBeUndefined();
  });

  it('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(fc.anything(), (anything) => {
        expect(() => parseKratosHook(anything)).not.toThrow();
      }),
    );
  });
});
