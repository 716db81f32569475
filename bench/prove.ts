/** `npm run prove [-- TOPIC | TOPIC/SECTION …] [--json]`: what was promised, as figures; exit 1 if one falls short. */
import { parseArgs } from 'node:util';
import { reasonOf } from '../core/contracts/failures.ts';
import { SetUpFailure } from '../dev/setUp/failures.ts';
import { asLine, type Figure, type Proof, type Section } from './figure.ts';

const topics: Readonly<Record<string, () => Promise<{ sections: readonly Section[] }>>> = {
  case: () => import('./topics/case.ts'),
  survival: () => import('./topics/survival.ts'),
  usable: () => import('./topics/usable.ts'),
};

interface Wanted {
  readonly topic: string;
  readonly sections: readonly Section[];
}

/** @returns the sections that `TOPIC` or `TOPIC/SECTION` names, or what there is instead */
const find = async (asked: string): Promise<Wanted | string> => {
  const [topic = '', name] = asked.split('/');
  const load = Object.hasOwn(topics, topic) ? topics[topic] : undefined;
  if (load === undefined) return `no topic ${topic}; there are: ${Object.keys(topics).join(', ')}`;
  const { sections } = await load();
  const found = sections.filter((each) => name === undefined || each.name === name);
  if (found.length > 0) return { topic, sections: found };
  return `no section ${name ?? ''} in ${topic}; there are: ${sections.map((each) => each.name).join(', ')}`;
};

/** A section that breaks off is a figure that falls short; the others are proved all the same. */
const proveOne = async ({ name, prove }: Section, proof: Proof): Promise<void> => {
  const begun = performance.now();
  try {
    await prove(proof);
    proof.say(`${name}: ${Math.round((performance.now() - begun) / 1000)} s`);
  } catch (error) {
    proof.say(error instanceof Error ? (error.stack ?? error.message) : String(error));
    if (error instanceof SetUpFailure) proof.say(error.details);
    const broken = { figure: `${name} broke off`, value: reasonOf(error), unit: '', bare: null };
    proof.report({ ...broken, floor: 'goes through', ok: false });
  }
};

/** @returns the exit code */
const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({
    options: { json: { type: 'boolean' } },
    allowPositionals: true,
  });
  const found = await Promise.all((positionals.length === 0 ? Object.keys(topics) : positionals).map(find));
  const unknown = found.filter((each) => typeof each === 'string');
  if (unknown.length > 0) {
    console.error(unknown.join('\n'));
    return 2;
  }
  const figures: Figure[] = [];
  const proofOf = (topic: string): Proof => ({
    say: (line) => {
      console.error(line);
    },
    report: (figure) => {
      const whole = { topic, ...figure };
      figures.push(whole);
      console.log(values.json === true ? JSON.stringify(whole) : asLine(whole));
    },
  });
  for (const each of found) {
    if (typeof each === 'string') continue;
    for (const section of each.sections) await proveOne(section, proofOf(each.topic));
  }
  return figures.length === 0 || figures.some((each) => !each.ok) ? 1 : 0;
};

// At once: all is stopped and told, and what importing the SDK's testing server keeps running must not keep the command.
process.exit(await main());
