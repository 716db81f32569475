import { describe, expect, it } from 'vitest';
import { checkReason } from '../../core/rules/scenarios.ts';
import { account, config } from '../support/rules.ts';

const conditions = ['nobody-signs-in', 'sev-0'];
const check = (scenario: string, stated: readonly string[], ...texts: string[]) =>
  checkReason(config, account, { scenario, conditions: stated, texts });

describe('a stated reason', () => {
  it('given a scenario of the account with all its conditions, opens it', () => {
    expect(check('sso-down', conditions, 'nobody gets in')).toBeNull();
    expect(check('sso-down', [...conditions, ...conditions], '')).toBeNull();
  });

  it('given a reason refused by name, says where to go instead', () => {
    expect(check('convenience', [])).toEqual({
      code: 'refused-reason',
      why: '“convenience” is refused by name (quicker); instead: ask for access',
    });
  });

  it.each([
    ['other letters', 'QUICKER THIS WAY'],
    ['other spaces', 'quicker\n\t this\u00a0way'],
    ['wide letters', 'ｑｕｉｃｋｅｒ this way'],
    ['a sentence round them', 'it would be quicker this way, I think'],
  ])('given the words of such a reason in %s, is refused', (_, text) => {
    expect(check('sso-down', conditions, 'fine', text)?.code).toBe('refused-reason');
  });

  it('given an unknown scenario, names those of the account', () => {
    expect(check('elsewhere', ['any'])?.why).toBe(
      'acme-eu is not opened for “elsewhere”; its scenarios are: sso-down',
    );
  });

  it('given too few conditions, says which are missing', () => {
    expect(check('sso-down', ['sev-0'])?.why).toBe(
      'sso-down also needs: nobody-signs-in (nobody can sign in)',
    );
    expect(check('sso-down', [])?.why).toContain('sev-0 (declared)');
  });
});
