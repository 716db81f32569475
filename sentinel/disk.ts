import { open } from 'node:fs/promises';
import { join } from 'node:path';

/** Whether a folder's disk takes what is written to it. */
export const isWritable = async (folder: string): Promise<boolean> => {
  try {
    const handle = await open(join(folder, 'probe'), 'w', 0o600);
    try {
      await handle.writeFile('well');
      await handle.datasync();
    } finally {
      await handle.close();
    }
    return true;
  } catch {
    return false;
  }
};
