import type { Evidence } from '../evidence.ts';

/** Promise 1: no credential that was ever set stands in a row, a message, a workflow's copy or an error. */
export const secretsInTheClear = ({ secrets, rows, messages, taken, copies, said }: Evidence): string[] => {
  const places: readonly (readonly [string, unknown])[] = [
    ...rows.map((row): [string, unknown] => [`row ${row.seq}`, row]),
    ...messages.map((each): [string, unknown] => [`message ${each.id}`, each]),
    ...taken.map((each): [string, unknown] => [`what ${each.channel} took`, each]),
    ...[...copies].map(([id, copy]): [string, unknown] => [`the copy of ${id}`, copy]),
    ...said.map((each): [string, unknown] => ['an error', each]),
  ];
  return places.flatMap(([where, what]) => {
    const text = JSON.stringify(what);
    return secrets.some((each) => text.includes(each)) ? [`a credential in the clear in ${where}`] : [];
  });
};
