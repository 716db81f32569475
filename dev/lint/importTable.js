/**
 * Who may import whom: the one table behind the lint rule `house/rooms`. `docs/architecture.md` draws it.
 *
 * A room is a folder; the longest matching name wins, and each part of `adapters/` is a room of its own.
 * - `rooms`: rooms it may import, or a file that lies in none. `core` stands for all of core, `adapters` for every adapter.
 * - `types`: rooms it may import by `import type` only.
 * - `packages`: npm packages; a list of names allows just those names as values (types are free, so `[]` means types only).
 * - `node`: Node's own modules.
 *
 * Its own room is always allowed; what is not listed is not. `anything` is for rooms that never ship.
 *
 * @typedef {{
 *   rooms?: readonly string[],
 *   types?: readonly string[],
 *   packages?: Readonly<Record<string, '*' | readonly string[]>>,
 *   node?: '*' | readonly string[],
 * }} Room
 */

/** @type {'anything'} */
const anything = 'anything';

const crypto = ['node:crypto'];

/** What every adapter has, besides the client of its own system. */
const adapter = { rooms: ['core/contracts'], packages: { zod: '*' }, node: '*' };

/** @type {Readonly<Record<string, Room | 'anything'>>} */
export const importTable = {
  'core/contracts': {
    types: ['core'],
    packages: {
      zod: '*',
      '@temporalio/common': '*',
      '@temporalio/workflow': ['defineQuery', 'defineSignal', 'defineUpdate'],
    },
  },
  'core/rules': { rooms: ['core/contracts'] },
  // yaml: what people sign is the config's text, so trust reads that text itself; and a config that is signed
  // but breaks the rules (core/rules) must not come into force.
  'core/trust': { rooms: ['core/contracts', 'core/rules'], packages: { yaml: '*', zod: [] }, node: crypto },
  'core/custody': {
    rooms: ['core/contracts'],
    packages: { zod: '*', 'age-encryption': '*', 'shamir-secret-sharing': '*', otpauth: '*' },
    node: crypto,
  },
  'core/evidence': { rooms: ['core/contracts'], node: crypto },

  workflows: {
    rooms: ['core/contracts', 'core/rules'],
    types: ['activities'],
    packages: { '@temporalio/workflow': '*', '@temporalio/common': '*' },
  },
  activities: {
    rooms: ['core', 'adapters'],
    packages: { '@temporalio/activity': '*', '@temporalio/common': '*', zod: '*' },
    node: '*',
  },

  adapters: adapter,
  'adapters/kratos': { ...adapter, packages: { ...adapter.packages, '@ory/client': '*' } },
  'adapters/postgres': {
    ...adapter,
    rooms: ['core/contracts', 'core/evidence'],
    packages: { ...adapter.packages, pg: '*', 'node-pg-migrate': '*' },
  },
  // Each channel speaks its vendor's protocol; SNS alone has a client of its own.
  'adapters/channels': { ...adapter, packages: { ...adapter.packages, '@aws-sdk/client-sns': '*' } },
  // Who keeps the ledger's checkpoints where its owner cannot reach.
  'adapters/witnesses': {
    ...adapter,
    packages: { ...adapter.packages, '@aws-sdk/client-sns': '*', '@aws-sdk/client-s3': '*' },
  },
  // What lies on the disk is believed only once its signatures hold.
  'adapters/config': { ...adapter, rooms: ['core/contracts', 'core/trust'] },
  // Prometheus asks; its client counts.
  'adapters/metrics': { ...adapter, packages: { 'prom-client': '*' } },
  // A setting that there is not is answered with the nearest name, as in the config (core/rules).
  'adapters/settings': {
    ...adapter,
    rooms: ['core/contracts', 'core/rules'],
    packages: { ...adapter.packages, pino: '*', '@temporalio/envconfig': '*' },
  },
  'adapters/ssh': { ...adapter, rooms: [] },
  'adapters/temporal': {
    ...adapter,
    packages: { ...adapter.packages, '@temporalio/common': '*', '@temporalio/proto': '*' },
  },

  // Worker and sentinel watch each other by the same means.
  vigil: { rooms: ['core', 'adapters'], node: '*' },
  worker: {
    rooms: ['core', 'workflows', 'activities', 'adapters', 'vigil'],
    packages: {
      '@temporalio/worker': '*',
      '@temporalio/activity': '*',
      '@temporalio/common': '*',
      pino: '*',
      zod: '*',
    },
    node: '*',
  },
  sentinel: {
    rooms: ['core', 'adapters', 'client', 'vigil'],
    packages: { hono: '*', '@hono/node-server': '*', pino: '*', zod: '*' },
    node: '*',
  },
  client: {
    rooms: ['core/contracts', 'adapters/temporal', 'adapters/settings'],
    packages: { '@temporalio/client': '*', '@temporalio/common': '*', '@temporalio/proto': '*', zod: '*' },
    node: '*',
  },
  // package.json: it says its version, which is written nowhere else.
  'client/cli': {
    rooms: ['core', 'adapters/ssh', 'adapters/kratos', 'package.json'],
    packages: { commander: '*', yaml: '*', zod: '*' },
    node: '*',
  },
  api: {
    rooms: ['core', 'client', 'adapters'],
    packages: { hono: '*', '@hono/node-server': '*', '@hono/zod-openapi': '*', pino: '*', zod: '*' },
    node: '*',
  },

  bench: anything,
  dev: anything,
  test: anything,
};
