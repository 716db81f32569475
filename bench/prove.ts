/** `npm run prove [TOPIC] [--json]`: what was promised, as figures; exit 1 if one falls short. */
import { parseArgs } from 'node:util';
import { asLine, type Figure, type Proof } from './figure.ts';

const topics: Readonly<Record<string, () => Promise<(proof: Proof) => Promise<void>>>> = {
  case: async () => (await import('./topics/case.ts')).proveCase,
};

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({
    options: { json: { type: 'boolean' } },
    allowPositionals: true,
  });
  const wanted = positionals.length === 0 ? Object.keys(topics) : positionals;
  const unknown = wanted.filter((each) => topics[each] === undefined);
  if (unknown.length > 0) {
    console.error(`no topic ${unknown.join(', ')}; there are: ${Object.keys(topics).join(', ')}`);
    process.exitCode = 2;
    return;
  }
  const figures: Figure[] = [];
  for (const topic of wanted) {
    const prove = await topics[topic]?.();
    await prove?.({
      say: (line) => {
        console.error(line);
      },
      report: (figure) => {
        const whole = { topic, ...figure };
        figures.push(whole);
        console.log(values.json === true ? JSON.stringify(whole) : asLine(whole));
      },
    });
  }
  if (figures.length === 0 || figures.some((each) => !each.ok)) process.exitCode = 1;
};

await main();
