import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

/** A runtime is installed once a process: in a child of its own. */
const program = (port: number): string => `
  import { installRuntime } from './worker/runtime.ts';
  const log = { error: (_, text) => console.log(text), warn: () => undefined };
  installRuntime(log, { metrics: { host: '127.0.0.1', port: 1, temporalPort: ${port} } });
  console.log('installed');
  process.exit(0);`;

it('a worker whose metrics port is taken goes on without its SDK’s numbers, and says so', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const { stdout } = spawnSync(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '-e', program(port)],
    { cwd: fileURLToPath(new URL('../../', import.meta.url)), encoding: 'utf8' },
  );
  expect(stdout.trim().split('\n')).toEqual(['the numbers of Temporal’s SDK are not told', 'installed']);
});
