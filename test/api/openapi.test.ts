import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { problem } from '../../core/contracts/http.ts';
import { makeHarness, type Harness } from './harness.ts';

const content = z.record(z.string(), z.object({ schema: z.record(z.string(), z.json()) }));
const operation = z.object({
  summary: z.string(),
  security: z.array(z.record(z.string(), z.array(z.string()))).optional(),
  parameters: z.array(z.object({ name: z.string(), in: z.enum(['path', 'query', 'header']) })).default([]),
  requestBody: z.object({ required: z.literal(true), content }).optional(),
  responses: z.record(
    z.string().regex(/^[1-5]\d\d$/),
    z.object({ description: z.string().min(1), content: content.optional() }),
  ),
});
/** What of OpenAPI 3.1 we use. */
const openapi = z.object({
  openapi: z.literal('3.1.0'),
  info: z.object({ title: z.string(), version: z.string() }),
  components: z.object({
    securitySchemes: z.record(z.string(), z.object({ type: z.literal('http'), scheme: z.string() })),
  }),
  paths: z.record(z.string().startsWith('/'), z.partialRecord(z.enum(['get', 'post']), operation)),
});

const documented = [
  'get /v1/accounts',
  'get /v1/accounts/{account}',
  'get /v1/accounts/{account}/seals',
  'get /v1/cases',
  'get /v1/cases/{account}/{number}',
  'get /v1/cases/{account}/{number}/dossier',
  'get /v1/cases/{account}/{number}/history',
  'get /v1/cases/{account}/{number}/process',
  'get /v1/config',
  'get /v1/health',
  'get /v1/ledger',
  'post /v1/challenges',
  'post /v1/refusals',
  'post /v1/statements',
  'post /v1/tokens',
];

describe('the api’s description of itself', () => {
  let api: Harness;
  let raw: unknown;
  let document: z.infer<typeof openapi>;
  beforeAll(async () => {
    api = await makeHarness();
    await api.provision();
    await api.walk('released');
    raw = await (await api.request('/openapi.json')).json();
    document = openapi.parse(raw);
  });
  afterAll(() => api.remove());

  const operations = () =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, each]) => ({ path, method, each })),
    );

  it('is OpenAPI 3.1 and names every address', () => {
    expect(
      operations()
        .map(({ path, method }) => `${method} ${path}`)
        .sort(),
    ).toEqual(documented);
    expect(JSON.stringify(raw)).not.toContain('"$ref"');
  });

  it('declares each parameter of each path, and a known scheme wherever a token is needed', () => {
    for (const { path, method, each } of operations()) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(each.parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name)).toEqual(
        named,
      );
      const schemes = (each.security ?? []).flatMap((scheme) => Object.keys(scheme));
      expect(schemes).toEqual(method === 'get' ? ['token'] : []);
      for (const scheme of schemes) expect(document.components.securitySchemes).toHaveProperty(scheme);
    }
  });

  it.each(documented.filter((each) => each.startsWith('get')))('%s answers as described', async (name) => {
    const path = name.slice('get '.length);
    const real = path.replace('{account}', 'acme-eu').replace('{number}', '2026-11-21-01');
    const reader = /ledger$|health$|process$/.test(path) ? 'ivan' : 'alice';
    const response = await api.get(reader, real);
    expect(response.status).toBe(200);
    const schema = document.paths[path]?.get?.responses['200']?.content?.['application/json']?.schema;
    expect(schema).toBeDefined();
    const answer: unknown = await response.json();
    const described = z.fromJSONSchema(schema ?? {});
    expect(described.safeParse(answer).error).toBeUndefined();
    expect(described.safeParse({ something: 'else' }).success).toBe(false);
  });
});

describe('every answer of the api', () => {
  let api: Harness;
  beforeAll(async () => {
    api = await makeHarness();
  });
  afterAll(() => api.remove());

  it.each([
    ['an address that is not there', '/nowhere', {}, 404, 'not-found'],
    ['a method that is not there', '/v1/challenges', { method: 'PUT' }, 401, 'unauthenticated'],
    ['no token', '/v1/cases', {}, 401, 'unauthenticated'],
    ['malformed JSON', '/v1/challenges', { method: 'POST', body: '{' }, 400, 'bad-request'],
    [
      'a wrong shape',
      '/v1/challenges',
      { method: 'POST', body: '{"person":"Not A Name"}' },
      400,
      'bad-request',
    ],
    ['no body', '/v1/challenges', { method: 'POST' }, 400, 'bad-request'],
    [
      'another media type',
      '/v1/challenges',
      { method: 'POST', body: '{}', headers: { 'content-type': 'text/plain' } },
      415,
      'unsupported-media-type',
    ],
    ['too much', '/v1/tokens', { method: 'POST', body: `"${'x'.repeat(128 * 1024)}"` }, 413, 'too-large'],
  ])('given %s, is a problem', async (_, path, init: RequestInit, status, code) => {
    const headers = {
      'content-type': 'application/json',
      ...(init.headers as Record<string, string> | undefined),
    };
    const response = await api.request(path, { ...init, headers });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(problem.parse(await response.json())).toMatchObject({ code, status });
  });

  it.each(['/healthz', '/openapi.json', '/nowhere', '/v1/cases'])(
    '%s carries the headers of a careful server',
    async (path) => {
      const { headers } = await api.request(path, { headers: { 'x-request-id': 'mine' } });
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('cache-control')).toBe('no-store');
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  it('healthz needs no token', async () => {
    expect(await (await api.request('/healthz')).json()).toEqual({ status: 'ok' });
  });
});
