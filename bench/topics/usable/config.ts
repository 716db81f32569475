import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { main } from '../../../client/cli/main.ts';
import { realSurroundings } from '../../../client/cli/surroundings.ts';
import { faults, withFaults } from '../../../test/core/trust/configs/marks.ts';
import { fillPlaceholders } from '../../../test/support/placeholders.ts';
import type { Proof } from '../../figure.ts';

const example = new URL('../../../examples/acme/config.yaml', import.meta.url);

interface Checked {
  readonly exit: number;
  /** The numbers in the lines that name a place in the file. */
  readonly lines: readonly number[];
}

/** What `breakglass config check` says of a text, on stdout and stderr together. */
const check = async (folder: string, yaml: string): Promise<Checked> => {
  const file = join(folder, 'config.yaml');
  await writeFile(file, yaml);
  let said = '';
  const stream = { write: (text: string) => (said += text) };
  const exit = await main(['config', 'check', file], {
    ...realSurroundings(),
    ...{ env: { BREAKGLASS_HOME: folder }, stdin: Readable.from([]), stdout: stream, stderr: stream },
  });
  const places = said.split('\n').filter((line) => line.startsWith(`${file}:`));
  // What is no place in the file is its end: “config.yaml: 18 to mend”.
  return { exit, lines: places.map((line) => Number(/:(\d+):\d+: (?:error|warning): /.exec(line)?.[1])) };
};

/** A config with 25 faults, told by the real command: a line for each, by its number; and a good one. */
export const proveConfig = async ({ report, say }: Proof): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'breakglass-config-'));
  const tell = (figure: string, value: number, wanted: number): void => {
    const cells = { figure, value, unit: 'lines', bare: null };
    report({ ...cells, floor: `${wanted}`, ok: value === wanted });
  };
  try {
    const { yaml, marks } = withFaults(faults);
    const whole = await check(folder, yaml);
    const isRight = (line: number, at: number): boolean => line === marks[at]?.line;
    say(`expected, from the file's own marks: ${marks.map(({ line }) => line).join(' ')}`);
    say(`told by config check:                ${whole.lines.join(' ')}`);
    tell('config with 25 faults: lines told', whole.lines.length, 25);
    tell('  with the right line number', whole.lines.filter(isRight).length, 25);
    report({
      ...{ figure: '  exit code', value: whole.exit, unit: '', bare: null, floor: '3', ok: whole.exit === 3 },
    });
    const moved = withFaults(faults, 100);
    const further = await check(folder, moved.yaml);
    const right = further.lines.filter((line, at) => line === moved.marks[at]?.line).length;
    tell('  right with 100 lines put before it', right, 25);
    let alone = 0;
    for (const fault of faults) {
      const one = withFaults([fault]);
      const { lines } = await check(folder, one.yaml);
      if (lines.length === 1 && lines[0] === one.marks[0]?.line) alone += 1;
      else say(`${fault} alone: lines ${lines.join(' ')}, expected ${one.marks[0]?.line ?? 'none'}`);
    }
    tell('  each alone in it: told as one line', alone, 25);
    tell('the same, mended: lines told', (await check(folder, withFaults([]).yaml)).lines.length, 0);
    const good = await check(folder, fillPlaceholders(await readFile(example, 'utf8')));
    tell('examples/acme: lines told', good.lines.length, 0);
    report({
      ...{ figure: '  exit code', value: good.exit, unit: '', bare: null, floor: '0', ok: good.exit === 0 },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
