import { health } from '../core/contracts/health.ts';

/** What is told of an address that gave no answer at all. */
export const NO_ANSWER = 'does not answer';

/** Characters; what is longer was not written by a process of ours. */
const LONGEST_BODY = 4_096;

/**
 * Asks an address whether the process behind it is well.
 *
 * @param ms - how long it may take to answer
 * @returns null when it answers with a 2xx, else why not, in words that go on after "it": what it says that it cannot
 * do, the status it answers with, or that it does not answer. Never throws.
 */
export const askHealth = async (url: string, ms: number): Promise<string | null> => {
  try {
    const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(ms) });
    if (answer.ok) {
      await answer.body?.cancel();
      return null;
    }
    const { success, data } = health.safeParse(readJson((await answer.text()).slice(0, LONGEST_BODY)));
    return success && data.cannot.length > 0
      ? `says that it cannot ${data.cannot.join(', nor ')}`
      : `answers ${answer.status}`;
  } catch {
    return NO_ANSWER;
  }
};

const readJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};
