import { open, rename } from 'node:fs/promises';

/**
 * Replaces a file's text, on the disk before it answers: whoever is killed leaves the old text or the new one. Mode
 * 0600. Two at once for the same file would take each other's half-written draft.
 */
export const writeWhole = async (path: string, text: string): Promise<void> => {
  const draft = `${path}.new`;
  const handle = await open(draft, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, path);
};
