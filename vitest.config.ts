import { defineConfig } from 'vitest/config';
import LongestFirst from './test/support/longestFirst.ts';

/** Files that need real servers; every other test is pure and fast. */
const servers = ['dev', 'adapters', 'workflows', 'whole', 'survival'].map(
  (area) => `test/${area}/**/*.test.ts`,
);

export default defineConfig({
  test: {
    passWithNoTests: false,
    teardownTimeout: 30_000,
    // Each AWS client would say that its next version wants a newer Node than the oldest we support.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/support/reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: servers,
          // Pure, but for ssh-keygen's processes: a crowded machine is slow to start those.
          testTimeout: 30_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'servers',
          include: servers,
          pool: 'forks',
          globalSetup: './test/support/postgresServer.ts',
          // Each file may start a Temporal, two Postgres clusters and a Kratos; a small machine bears two such.
          maxWorkers: 2,
          testTimeout: 120_000,
          // The first run on a machine downloads or builds its servers.
          hookTimeout: 900_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
