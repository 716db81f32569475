import { z } from 'zod';
import { checks as checksSchema } from '../../../core/contracts/checks.ts';
import { dashboard, namesIn, rules, scrape, toldIn, untold } from '../../../test/support/prometheus.ts';
import { startWatched, until, type Watched } from '../../../test/survival/checks/watched.ts';
import type { Proof } from '../../figure.ts';

/** Admin and owner: who is shown what runs behind the api. */
const person = 'omar';

const verdict = z.object({ checks: checksSchema.shape.checks });

const ask = async ({ whole }: Watched): Promise<{ readonly exit: number; readonly broken: string[] }> => {
  const { exit, stdout } = await whole.stack.cli(person, 'doctor', '--json');
  const { checks } = verdict.parse(JSON.parse(stdout));
  return { exit, broken: checks.filter(({ level }) => level === 'broken').map(({ id }) => id) };
};

/** Something broken on real servers, what doctor must name, and how it is mended; what is never mended comes last. */
interface Fault {
  readonly what: string;
  readonly names: string;
  readonly make: (it: Watched) => Promise<unknown>;
  readonly mend?: (it: Watched) => Promise<unknown>;
}

const stopOf =
  (name: 'worker' | 'sentinel' | 'api') =>
  ({ whole }: Watched) =>
    whole.stack.running.get(name)?.stop() ?? Promise.resolve();

const faults: readonly Fault[] = [
  ...(['temporal', 'postgres'] as const).map((name) => ({
    ...{ what: `${name} stopped`, names: name },
    make: (it: Watched) => it.stopServer(name),
    mend: (it: Watched) => it.startServer(name),
  })),
  ...(['worker', 'sentinel'] as const).map((name) => ({
    ...{ what: `${name} stopped`, names: name, make: stopOf(name) },
    mend: ({ whole }: Watched) => whole.stack.restart(name),
  })),
  {
    ...{ what: 'kratos stopped', names: 'kratos/login' },
    make: ({ whole }) => whole.stack.servers.kratos.stop(),
  },
  { what: 'api stopped', names: 'api', make: stopOf('api') },
];

const proveNumbers = async ({ whole }: Watched, { report }: Proof): Promise<void> => {
  const asked = new Set([...rules(), ...dashboard()].flatMap(({ expr }) => namesIn(expr)));
  const missing = untold(toldIn(await scrape(whole.stack.ports)));
  report({
    ...{ figure: 'metrics that rules and dashboard ask for', value: asked.size, unit: 'names', bare: null },
    floor: missing.length === 0 ? 'all at a real endpoint' : `missing: ${missing.join(', ')}`,
    ok: missing.length === 0 && asked.size > 10,
  });
};

/** Each dependency broken in turn on real servers: doctor's line and exit code, and what Prometheus is told. */
export const proveDoctor = async (proof: Proof): Promise<void> => {
  const { report, say } = proof;
  const watched = await startWatched(say);
  try {
    const before = await ask(watched);
    report({
      ...{ figure: 'nothing broken: doctor', value: before.exit, unit: 'exit', bare: null },
      ...{ floor: '10: no drill yet', ok: before.exit === 10 && before.broken.length === 0 },
    });
    for (const { what, names, make, mend } of faults) {
      say(what);
      await make(watched);
      const { exit, broken } = await ask(watched);
      report({
        ...{ figure: `${what}: doctor`, value: `${exit}: ${broken.join(' ')}`, unit: 'exit', bare: null },
        ...{ floor: `11, names ${names}`, ok: exit === 11 && broken.includes(names) },
      });
      if (mend === undefined) continue;
      await mend(watched);
      await until(
        `doctor to find ${names} well again`,
        async () => !(await ask(watched)).broken.includes(names),
      );
      // By then Temporal has refused the worker something, of which its SDK tells.
      if (what === 'temporal stopped') await proveNumbers(watched, proof);
    }
  } finally {
    await watched.remove();
  }
};
