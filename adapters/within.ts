/**
 * Waits for work, but not for ever. The work itself goes on: what came of it late is dropped.
 *
 * @param ms - how long to wait
 * @throws what the work threw, or "no answer within N s"
 */
export const within = async <T>(work: Promise<T>, ms: number): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${ms / 1000} s`));
    }, ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
};
