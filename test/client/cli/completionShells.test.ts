/** Completion in the shells themselves; one that is not on this machine is named. */
import { describe, expect, it } from 'vitest';
import { shells } from '../../../client/cli/completionScripts.ts';
import { isThere, makeBench, offered, triedIn } from './shells.ts';

describe('completion', () => {
  it.for(shells)('%s asks the program, offers what it answers, and is silent otherwise', (shell, context) => {
    if (!isThere(shell)) context.skip(`${shell} is not on this machine (apt-get install ${shell})`);
    expect(triedIn(shell)).toBe(true);
  });

  it('bash takes an option and its value for two words, as it splits them', () => {
    const bench = makeBench();
    try {
      bench.answer('sso-down\tsingle sign-on is down\n');
      expect(offered('bash', ['breakglass', 'request', '--scenario', '=', 'ss'], bench)).toBe('sso-down\n');
      expect(bench.asked()).toEqual(['__complete', 'request', '--scenario', 'ss']);
    } finally {
      bench.remove();
    }
  });
});
