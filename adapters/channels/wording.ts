import type { Config } from '../../core/contracts/config.ts';
import type { PersonId } from '../../core/contracts/ids.ts';
import type { Message } from '../../core/contracts/ledger.ts';

/** Control characters, line separators and directional overrides: what could make a line read otherwise. */
const deceiving = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** A text without characters that deceive the eye, at most `most` UTF-16 units long and whole characters only. */
export const plain = (text: string, most: number): string => {
  const clean = text.replace(/\p{Surrogate}/gu, ' ').replace(deceiving, ' ');
  if (clean.length <= most) return clean;
  const cut = clean.slice(0, most - 1);
  return `${/[\uD800-\uDBFF]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
};

/** The first line everywhere: a drill says so before anything else. */
export const headline = ({ drill, title }: Message): string => (drill ? `DRILL: ${title}` : title);

/** Who must act, by name. */
export const whoMustAct = (config: Config, { to }: Message): string =>
  to
    .map((id) => {
      const name = Object.hasOwn(config.people, id) ? config.people[id as PersonId]?.name : undefined;
      return name === undefined ? id : `${name} (${id})`;
    })
    .join(', ');

/** The message as plain text: what mail and text messages show. */
export const asText = (config: Config, message: Message): string =>
  [
    headline(message),
    '',
    message.text,
    '',
    `Who must act: ${whoMustAct(config, message)}`,
    ...(message.command === null ? [] : [`Run: ${message.command}`]),
    ...(message.link === null ? [] : [`See: ${message.link}`]),
    `Id: ${message.id}`,
  ].join('\n');
