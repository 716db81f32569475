import { explain } from './explain.ts';

/**
 * Says on stderr why something ended.
 *
 * @returns the exit code
 */
export const tell = (error: unknown): number => {
  const known = explain(error);
  if (known === undefined) {
    console.error('stopped: by a fault of ours: please report it with what follows');
    console.error(error);
    return 1;
  }
  console.error(`stopped: ${known.message}`);
  if (known.details !== '') console.error(known.details.replaceAll(/^/gm, '    '));
  return known.exit;
};
