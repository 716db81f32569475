/** The page that hangs beside the desk: what it says is the config's, and what it tells to type can be typed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runbookPage, stepsOf, type RunbookOf } from '../../../client/cli/runbookPage.ts';
import { accountId } from '../../../core/contracts/ids.ts';
import { parseConfigText } from '../../../core/trust/configFile.ts';
import { parse, words } from '../../docs/program.ts';
import { makeOrg, type Org } from '../../support/org.ts';

const account = accountId.parse('acme-eu');
let org: Org;
beforeAll(async () => {
  org = await makeOrg();
});
afterAll(() => org.remove());

const runbookOf = (yaml: string): RunbookOf => {
  const parsed = parseConfigText(yaml);
  if (!parsed.ok) throw new Error(parsed.problems.map(({ message }) => message).join('; '));
  return { config: parsed.config, digest: parsed.digest, account, printedAt: '2026-11-22T03:04:05.000Z' };
};

describe('the printed runbook', () => {
  it('tells seven steps, each command of which the program knows', () => {
    const named = stepsOf(runbookOf(org.yaml)).map(({ command }) => parse(words(command)));
    expect(named).toEqual(['request', 'approve', 'release', 'open', 'end', 'attest', 'write-up']);
  });

  it('has every command it shows, the others too, known to the program', () => {
    const page = runbookPage([runbookOf(org.yaml)]).replaceAll(/&#(\d+);/g, (_, code: string) =>
      String.fromCodePoint(Number(code)),
    );
    const commands = [...page.matchAll(/<code>breakglass ([^<]+)<\/code>/g)].map(([, line = '']) => line);
    expect(commands.length).toBeGreaterThan(10);
    for (const each of commands) expect(() => parse(words(each))).not.toThrow();
  });

  it('asks for every condition of the scenario it names', () => {
    const of = runbookOf(org.yaml);
    const [{ command } = { command: '' }] = stepsOf(of);
    const [scenario = ''] = of.config.accounts[account]?.scenarios ?? [];
    for (const each of Object.keys(of.config.scenarios[scenario]?.conditions ?? { none: '' }))
      expect(command).toContain(each);
  });

  it('says deadlines as the config has them', () => {
    const steps = stepsOf(runbookOf(`${org.yaml}\ndeadlines: { request: 5400, attestation: 45 }\n`));
    expect(steps[0]?.time).toContain('90 minutes');
    expect(steps[5]?.time).toBe('within 45 seconds');
  });

  it('lets no text of the config become markup', () => {
    const page = runbookPage([
      runbookOf(org.yaml.replace('organisation: Acme', 'organisation: "<b>A&B</b>"')),
    ]);
    expect(page).toContain('&#60;b&#62;A&#38;B&#60;/b&#62;');
    expect(page).not.toContain('<b>A&B');
  });

  it('names the config it was printed from', () => {
    const of = runbookOf(org.yaml);
    expect(runbookPage([of])).toContain(of.digest.slice(0, 12));
  });
});
