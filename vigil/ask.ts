const LONGEST_MS = 5_000;

/** Whether an address answers with a 2xx in time. Never throws. */
export const isAnswering = async (url: string, ms: number): Promise<boolean> => {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(Math.min(ms, LONGEST_MS)) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
};
