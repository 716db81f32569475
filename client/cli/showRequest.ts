/** The canonical request in full, as a person must see it before signing anything about it. */
import type { Config } from '../../core/contracts/config.ts';
import { oneLine, table, when } from './printable.ts';
import type { VerifiedRequest } from './verifyDossier.ts';

/** Every field of the signed text, said in words, then the digest that is signed over. */
export const showRequest = (request: VerifiedRequest, config: Config): string => {
  const { statement: it, digest, text, fingerprint } = request;
  const scenario = config.scenarios[it.scenario];
  const account = config.accounts[it.account];
  const rows: [string, string][] = [
    ['account', `${it.account}${account === undefined ? '' : ` (${account.says})`}`],
    ['kind', it.kind],
    ['asked by', `${it.by}${nameOf(config, it.by)}`],
    ['scenario', `${it.scenario}${scenario === undefined ? '' : ` (${scenario.says})`}`],
    ...it.conditions.map((id): [string, string] => [
      'condition',
      `${id}${scenario?.conditions[id] === undefined ? '' : ` (${scenario.conditions[id]})`}`,
    ]),
    ['reason', it.reason],
    ['symptom', it.symptom],
    ['incident', it.incidentChannel],
    ['minutes', String(it.expectedMinutes)],
    ['signed at', when(it.signedAt)],
    ['good until', when(it.expiresAt)],
    ['signed with', fingerprint],
    ['shares go to', it.recipient],
    ['config', it.config],
    ['nonce', it.nonce],
    ['digest', digest],
  ];
  return `${table(rows)}\n\nthe text as signed:\n${oneLine(text)}`;
};

const nameOf = (config: Config, id: VerifiedRequest['statement']['by']): string => {
  const person = config.people[id];
  return person === undefined ? '' : ` (${person.name})`;
};
