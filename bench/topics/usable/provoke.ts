import { ways, type WayToFail } from '../../../dev/setUp/failures.ts';
import type { Proof } from '../../figure.ts';
import type { Left } from './leftovers.ts';
import { asLine, type Ended, type Ground, type Try } from './tries.ts';

/** The line of a way of failing, whatever stands for the names in it. */
const lineOf = (way: WayToFail): RegExp => {
  const { what, remedy } = ways[way];
  const parts = `stopped: ${what}: ${remedy}`.split(/\{\w+\}/);
  return new RegExp(
    `^${parts.map((each) => each.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join('.+')}$`,
  );
};

/** How a try fell short of its one line, its exit code and leaving nothing; nothing when it did not. */
export const faultsOf = ({ exit, output }: Ended, way: WayToFail, left: readonly Left[]): string[] => {
  const said = output.split('\n').filter((line) => line.startsWith('stopped: '));
  return [
    ...(exit === ways[way].exit ? [] : [`exit ${exit}, not ${ways[way].exit}`]),
    ...(said.length === 1 && lineOf(way).test(said[0] ?? '')
      ? []
      : [`it said ${said.join(' / ') || output}`]),
    ...(/^ {4}at /m.test(output) ? ['it printed a stack'] : []),
    ...left.map((each) => `left running: ${asLine(each)}`),
  ];
};

/**
 * Tries what has to fail in one way, and reports whether it did, and left nothing.
 *
 * @param running - what ran before it, and may go on
 */
export const provoke = async (
  proof: Proof,
  ground: Ground,
  name: string,
  way: WayToFail,
  how: Try,
  running: readonly Left[] = [],
): Promise<void> => {
  const ended = await ground.begin(how).ended;
  const before = new Set(running.map(({ pid }) => pid));
  // A server that runs on makes and ends backends as it is asked: they are its own.
  const isExpected = ({ pid, parent }: Left): boolean => before.has(pid) || before.has(parent);
  const left = (await ground.left()).filter((each) => !isExpected(each));
  const faults = faultsOf(ended, way, left);
  proof.say(`${name}: ${ended.output.split('\n').find((line) => line.startsWith('stopped: ')) ?? 'no line'}`);
  for (const each of faults) proof.say(`  ${each}`);
  const floor = `exit ${ways[way].exit}, its line, nothing left`;
  proof.report({ figure: name, value: ended.exit, unit: 'exit', bare: null, floor, ok: faults.length === 0 });
};
