import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { recipes } from '../../dev/build/recipes.ts';
import { root } from '../docs/markdown.ts';

const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const text = read('deploy/compose.yaml');

/** The schema says that it is of draft 7 by an address that zod does not know it by. */
const composeSpec = z.fromJSONSchema({
  ...z.looseObject({}).parse(JSON.parse(read('test/deploy/compose-spec.json'))),
  $schema: 'http://json-schema.org/draft-07/schema#',
});

const check = (yaml: string): boolean => composeSpec.safeParse(parse(yaml, { merge: true })).success;

/** What we want of each service beyond what the specification does. */
const compose = z.object({
  services: z.record(
    z.string(),
    z.object({
      user: z.string(),
      command: z.tuple([z.string()]),
      environment: z.object({ BREAKGLASS_SETTINGS: z.string() }),
      volumes: z.array(z.string()),
      read_only: z.literal(true),
      cap_drop: z.tuple([z.literal('ALL')]),
      ulimits: z.object({ core: z.literal(0) }),
      ports: z.array(z.string().startsWith('127.0.0.1:')).optional(),
    }),
  ),
});

describe('deploy/compose.yaml', () => {
  it('is what the Compose Specification allows', () => {
    expect(composeSpec.safeParse(parse(text, { merge: true })).error).toBeUndefined();
  });

  it.each([
    ['an unknown key', 'restart:', 'restrat:'],
    ['an unknown section', '\nnetworks:', '\nnetwroks:'],
    ['a number where a text belongs', "user: '10001:10001'", 'user: 10001'],
    ['a text where a list belongs', 'networks: [inside]', 'networks: inside'],
    ['an unknown key further down', 'test:\n', 'tset:\n'],
  ])('with %s it would not be', (_, what, by) => {
    expect(text).toContain(what);
    expect(check(text.replace(what, by))).toBe(false);
  });

  const { services } = compose.parse(parse(text, { merge: true }));

  it('runs each process by a user of its own, from a file that is built, and shows it no other’s secrets', () => {
    expect(Object.keys(services)).toEqual(['worker', 'sentinel', 'api']);
    expect(new Set(Object.values(services).map(({ user }) => user.split(':')[0])).size).toBe(3);
    for (const [name, { command, environment, user, volumes }] of Object.entries(services)) {
      expect(user).not.toMatch(/^0\b/);
      expect(Object.values(recipes).map(({ target }) => `dist/${target}`)).toContain(command[0]);
      expect(environment.BREAKGLASS_SETTINGS).toBe(`/etc/breakglass/${name}/settings.json`);
      const own = [`/etc/breakglass/${name}:`, '/etc/breakglass/config:', `/var/lib/breakglass-${name}:`];
      expect(volumes.filter((each) => !own.some((start) => each.startsWith(start)))).toEqual([]);
    }
  });
});

describe('deploy/Dockerfile', () => {
  it('starts from the oldest Node.js that is supported, not as root, with a command that is built', () => {
    const dockerfile = read('deploy/Dockerfile');
    const { engines } = z
      .object({ engines: z.object({ node: z.string() }) })
      .parse(JSON.parse(read('package.json')));
    const [first, second] = [...dockerfile.matchAll(/^FROM node:(\S+?)-bookworm-slim/gm)].map(
      ([, tag]) => tag,
    );
    expect(engines.node).toBe(`>=${first ?? ''}`);
    expect(second).toBe(first);
    expect(/^USER (\d+):\d+$/m.exec(dockerfile)?.[1]).toBe('10001');
    const command = /^CMD \["dist\/(.+)"\]$/m.exec(dockerfile)?.[1];
    expect(Object.values(recipes).map(({ target }) => target)).toContain(command);
  });
});
