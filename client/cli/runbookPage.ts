/** An account's runbook as one printable page, made from the config: what hangs beside the on-call desk. */
import type { Account, Config } from '../../core/contracts/config.ts';
import type { AccountId, Digest, PersonId } from '../../core/contracts/ids.ts';
import { parts } from '../../core/contracts/ids.ts';
import { holders } from '../../core/rules/holders.ts';
import { when } from './printable.ts';

export interface RunbookOf {
  readonly config: Config;
  readonly digest: Digest;
  readonly account: AccountId;
  /** UTC. */
  readonly printedAt: string;
}

const escape = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0) ?? 0};`);

/** @param seconds - whole seconds, as deadlines are in the config */
const long = (seconds: number): string => {
  for (const [unit, size] of [
    ['hour', 3600],
    ['minute', 60],
  ] as const)
    if (seconds >= size && seconds % size === 0)
      return `${seconds / size} ${unit}${seconds === size ? '' : 's'}`;
  return `${seconds} seconds`;
};

const nameOf = (config: Config, id: PersonId): string => config.people[id]?.name ?? id;
const names = (config: Config, ids: readonly PersonId[], between = ', '): string =>
  ids.map((id) => nameOf(config, id)).join(between);

interface Step {
  readonly who: string;
  readonly what: string;
  /** What to type, without the program's name. */
  readonly command: string;
  readonly time: string;
}

/** The command of each step; a test has the program parse them. */
export const stepsOf = ({ config, account: id }: RunbookOf): readonly Step[] => {
  const account = accountIn(config, id);
  const { deadlines, scenarios } = config;
  const { need, role } = account.quorum;
  const [scenario = 'SCENARIO'] = account.scenarios;
  const conditions = Object.keys(scenarios[scenario]?.conditions ?? {}).join(' ');
  const principals = names(config, account.principals, ' or ');
  const custodians = parts.map((part) => {
    const { threshold, custodians: people } = account.custody[part];
    return `${part}: ${threshold} of ${names(config, people)}`;
  });
  return [
    {
      ...{ who: principals, what: 'Ask. Name the scenario and each of its conditions; each must be true.' },
      command: `request ${id} --scenario ${scenario} --condition ${conditions} --reason "…" --symptom "…" --incident-channel "#…" --expected-minutes 20`,
      time: `lapses after ${long(deadlines.request)} without enough signatures`,
    },
    {
      who: `${need} of: ${names(config, holders(config, role))}; never who asks`,
      ...{ what: 'Read the request. Call the requester. Then sign, or deny.', command: `approve ${id}` },
      time: `at most ${long(deadlines.request)} after the request`,
    },
    {
      who: custodians.join('. '),
      ...{ what: 'Release the share. Your machine checks request and signatures.', command: `release ${id}` },
      time: `at most ${long(deadlines.release)} after the last signature`,
    },
    {
      ...{ who: 'Who asked', what: 'Open and log in. Every bell rings: that is right.' },
      command: `open ${id} --login`,
      time: `at most ${long(deadlines.session)} after the last share`,
    },
    {
      ...{
        who: 'Who asked',
        what: 'Do what you came for, nothing else. Then end it and stay until it is done.',
      },
      command: `end ${id} --reason "…"`,
      time: 'at most the minutes of the scenario',
    },
    {
      ...{ who: 'The custodians', what: 'Test-open the new share and keep it.' },
      command: `attest ${id} --kept-at "…"`,
      time: `within ${long(deadlines.attestation)}`,
    },
    {
      who: 'Who asked',
      what: `Write the session log, and the post-mortem within ${long(deadlines.postMortem)}.`,
      command: `write-up ${id} --document session-log`,
      time: `within ${long(deadlines.sessionLog)}`,
    },
  ];
};

/** @throws Error when the config has no such account */
const accountIn = (config: Config, id: AccountId): Account => {
  const account = config.accounts[id];
  if (account === undefined) throw new Error(`no account ${id}`);
  return account;
};

const scenarioRows = (config: Config, account: Account): string =>
  account.scenarios
    .map((name) => {
      const scenario = config.scenarios[name];
      const conditions = Object.entries(scenario?.conditions ?? {}).map(
        ([condition, says]) => `<li><code>${escape(condition)}</code> ${escape(says)}</li>`,
      );
      return `<tr><th><code>${escape(name)}</code></th><td>${escape(scenario?.says ?? '')}, for at most ${scenario?.longestSessionMinutes ?? 0} minutes. All of:<ul>${conditions.join('')}</ul></td></tr>`;
    })
    .join('\n');

const stepItems = (of: RunbookOf): string =>
  stepsOf(of)
    .map(
      ({ who, what, command, time }) =>
        `<li><b>${escape(who)}</b> <span class="time">${escape(time)}</span><br>${escape(what)}<br><code>breakglass ${escape(command)}</code></li>`,
    )
    .join('\n');

const sheet = (of: RunbookOf): string => {
  const { config, digest, account: id, printedAt } = of;
  const account = accountIn(config, id);
  const refused = Object.values(config.refused).map(
    ({ says, instead }) => `<li>${escape(says)}: <b>${escape(instead)}</b></li>`,
  );
  return `<section>
<h1>Break glass: ${escape(id)}</h1>
<p>${escape(config.organisation)}, ${escape(account.says)}. Begin with <code>breakglass status</code>: it says what is open and what to type next.</p>
<h2>For these reasons only</h2>
<table>${scenarioRows(config, account)}</table>
<h2>Not for</h2>
<ul>${refused.join('')}</ul>
<h2>The steps</h2>
<ol>${stepItems(of)}</ol>
<h2>When it goes otherwise</h2>
<ul>
<li>A login rings and nobody here asked for it: <code>breakglass stop ${escape(id)} --reason "…"</code> (an approver, on-call, an admin or security).</li>
<li>You are asked to sign and something is wrong: <code>breakglass deny ${escape(id)} --reason "…"</code></li>
<li>Not needed any more, nothing released yet: <code>breakglass withdraw ${escape(id)} --reason "…"</code></li>
<li>Exit code 4: your own machine did not believe the server. Sign nothing more, tell security.</li>
<li>Exit code 6: breakglass cannot be reached. Call an owner: ${escape(names(config, account.owners))}.</li>
</ul>
<p class="foot">Printed ${escape(when(printedAt, 'UTC'))} from the config ${escape(digest.slice(0, 12))}. Print it again when the config changes.</p>
</section>`;
};

const style = `@page { size: A4; margin: 11mm }
body { font: 9pt/1.25 sans-serif; color: #000; max-width: 186mm; margin: auto }
section { break-after: page } section:last-child { break-after: auto }
h1 { font-size: 19pt; margin: 0 } h2 { font-size: 11pt; margin: 6pt 0 2pt; border-bottom: 1pt solid #000 }
p, ul, ol, table { margin: 2pt 0 } ul, ol { padding-left: 15pt } ol li { margin-bottom: 3pt; break-inside: avoid }
th { text-align: left; vertical-align: top; padding-right: 8pt; white-space: nowrap } td { vertical-align: top }
code { font: 8.5pt monospace; overflow-wrap: anywhere } .time { float: right; font-style: italic } .foot { font-size: 8pt }`;

/**
 * A page of HTML that prints as one sheet of A4 an account. Everything from the config is escaped.
 *
 * @throws Error when the config has no such account
 */
export const runbookPage = (sheets: readonly RunbookOf[]): string =>
  `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Break glass</title>
<style>${style}</style></head>
<body>
${sheets.map(sheet).join('\n')}
</body>
</html>`;
