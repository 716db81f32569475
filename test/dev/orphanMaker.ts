import { startProcess } from '../../dev/processes.ts';

// A run of its own, started by processes.test.ts only to be killed: starts a child, says its process id, waits.
const [stateFolder = ''] = process.argv.slice(2);
const child = await startProcess({
  name: 'child',
  command: '/bin/sh',
  args: ['-c', 'sleep 300'],
  stateFolder,
});
process.stdout.write(`${child.pid}\n`);
await child.exited;
