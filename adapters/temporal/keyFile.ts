/** Changing the file of payload keys. Every change is written whole, so that no process reads half of it. */
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { keyFile, loadKeyRing, type KeyFile } from './keyRing.ts';

const read = (file: string): KeyFile => {
  // Its mode and every key are checked, as a process would.
  loadKeyRing(file);
  return keyFile.parse(JSON.parse(readFileSync(file, 'utf8')));
};

const write = (file: string, content: KeyFile): void => {
  const draft = `${file}.draft`;
  const handle = openSync(draft, 'w', 0o400);
  try {
    writeSync(handle, JSON.stringify(content));
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(draft, file);
};

/**
 * Adds a new key that decrypts and does not encrypt yet: every process must hold it before one uses it.
 *
 * @throws Error when there is a key of that id
 */
export const addKey = (file: string, id: string): void => {
  const { current, keys } = read(file);
  if (Object.hasOwn(keys, id)) throw new Error(`${file} holds a key ${id} already: choose another id`);
  write(file, { current, keys: { ...keys, [id]: randomBytes(32).toString('base64') } });
};

/**
 * Makes a key that is held the one that encrypts.
 *
 * @throws Error when it is not held
 */
export const useKey = (file: string, id: string): void => {
  const { keys } = read(file);
  if (!Object.hasOwn(keys, id)) throw new Error(`${file} holds no key ${id}: add it first`);
  write(file, { current: id, keys });
};

/**
 * Removes a key: what it encrypted cannot be read any more.
 *
 * @throws Error when it is not held, or is the one that encrypts
 */
export const removeKey = (file: string, id: string): void => {
  const { current, keys } = read(file);
  if (!Object.hasOwn(keys, id)) throw new Error(`${file} holds no key ${id}`);
  if (current === id) throw new Error(`${id} is the key that encrypts: use another one first`);
  write(file, { current, keys: Object.fromEntries(Object.entries(keys).filter(([each]) => each !== id)) });
};
