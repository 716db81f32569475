import type { Evidence } from '../evidence.ts';
import type { Verdict } from './verdict.ts';

/** Promise 1: no credential that was ever set stands in a row, a message, a workflow's copy or an error. */
export const secretsInTheClear = ({ secrets, rows, messages, taken, copies, said }: Evidence): Verdict => {
  const places: readonly (readonly [string, unknown])[] = [
    ...rows.map((row): [string, unknown] => [`row ${row.seq}`, row]),
    ...messages.map((each): [string, unknown] => [`message ${each.id}`, each]),
    ...taken.map((each): [string, unknown] => [`what ${each.channel} took`, each]),
    ...[...copies].map(([id, copy]): [string, unknown] => [`the copy of ${id}`, copy]),
    ...said.map((each): [string, unknown] => ['an error', each]),
  ];
  const wrong = places.flatMap(([where, what]) => {
    const text = JSON.stringify(what);
    return secrets.some((each) => text.includes(each)) ? [`a credential in the clear in ${where}`] : [];
  });
  return { wrong, looked: secrets.length * places.length };
};
