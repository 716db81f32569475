/**
 * Runs one of our TypeScript files, its path the first argument, after a look at what it needs to run at all.
 * Plain JavaScript without newer syntax, since it has to say to an old Node that it is too old.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * @param {string} line - as in `ways` of `setUp/failures.ts`, which a test holds it to
 */
function fail(line) {
  console.error('stopped: ' + line);
  process.exit(2);
}

/** @param {string} version */
function partsOf(version) {
  return version.split('.').map(Number);
}

const needed = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
).engines.node.replace('>=', '');
const [major, minor] = partsOf(process.versions.node);
const [oldestMajor, oldestMinor] = partsOf(needed);

if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor))
  fail(
    'this is Node ' +
      process.versions.node +
      ', and ' +
      needed +
      ' or newer is needed: install it from https://nodejs.org and run npm ci again',
  );
if (process.platform === 'win32')
  fail('it does not run on Windows itself: run it in WSL 2 (https://learn.microsoft.com/windows/wsl)');

const tsx = await import('tsx/esm/api').catch(() =>
  fail('tsx is not in node_modules: run npm ci, with optional dependencies'),
);
tsx.register();
// As if the file had been run by itself.
process.argv.splice(1, 2, resolve(process.argv[2]));
await import(pathToFileURL(process.argv[1]).href).catch((error) => {
  // tsx keeps what it has compiled in the temporary folder, and cannot do without.
  if (error.syscall === undefined || error.path === undefined) throw error;
  fail(
    error.path +
      ' cannot be written (' +
      error.code +
      '): set TMPDIR to a folder that this user may write and that has room',
  );
});
