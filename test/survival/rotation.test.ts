/** The worker killed in the middle of rotations, on real servers; every step × kill is `npm run prove -- survival/rotation`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startWhole, type Whole } from '../whole/stack.ts';
import { killMatrix, shortfalls, type Survived } from './checks/killMatrix.ts';
import { everyKill, type Kill, type KillStep } from './checks/kills.ts';
import { foreignInTheGap, noClaims, outages, withoutKratos, type Foreign } from './checks/rotationTrouble.ts';
import { watchWorker, type WorkerTraffic } from './checks/workerTraffic.ts';

let whole: Whole;
let traffic: WorkerTraffic;
let remove = (): Promise<void> => Promise.resolve();
beforeAll(async () => {
  whole = await startWhole({ progress: () => undefined, amend: noClaims });
  remove = () => whole.remove();
  traffic = await watchWorker(whole.stack);
  remove = async () => {
    await whole.remove();
    await traffic.stop();
  };
});
afterAll(() => remove());

const kill = (step: KillStep, at: Kill['at']): Kill => {
  const found = everyKill.find((each) => each.step === step && each.at === at);
  if (found === undefined) throw new Error(`no kill of ${step} ${at}`);
  return found;
};

describe('a rotation whose worker is killed', () => {
  let survived: readonly Survived[];
  beforeAll(async () => {
    survived = await killMatrix(
      whole,
      traffic.gate,
      [
        [
          kill('password-set', 'after the effect, before the row'),
          kill('password-set', 'before the effect'),
          kill('mfa-confirmed', 'after the effect, before the row'),
        ],
      ],
      () => undefined,
    );
  });

  it('the ledger names at most two generations of each part, one combination of which opens; at the end only the newest', () => {
    expect(survived.flatMap(({ kills }) => kills)).toHaveLength(3);
    expect(shortfalls(survived)).toEqual([]);
  });

  it('the call that took effect though its answer was lost: the one it set is what opens', () => {
    const [first, second, third] = survived[0]?.kills ?? [];
    expect(first?.opens).toEqual([`password ${first?.password.at(-1)} + mfa ${first?.mfa[0]}`]);
    // The next attempt named that one as live, before it sealed another.
    expect(second?.password[0]).toBe(first?.password.at(-1));
    expect(third?.opens).toEqual([`password ${third?.password[0]} + mfa ${third?.mfa[0]}`]);
  });
});

describe('a foreign login while the account has no second factor', () => {
  let foreign: Foreign;
  beforeAll(async () => {
    foreign = await foreignInTheGap(whole, traffic.gate);
  });

  it('gets in with the password alone, and is ended by the rotation, whose row names it', () => {
    expect(foreign).toMatchObject({ whileOpen: 200, afterwards: 401 });
    expect(foreign.ended).toContain(foreign.session);
  });

  it('rings, and belongs to nobody', () => {
    expect(foreign).toMatchObject({ claimedFor: null, rang: 1 });
  });
});

describe('Kratos stopped', () => {
  let kratos: { stop(): Promise<void> };
  beforeAll(() => {
    kratos = whole.stack.servers.kratos;
  });
  afterAll(() => kratos.stop());

  it.each(outages)('%s a rotation: it is finished, and one pair opens', async (when, at) => {
    const { named, generations, ...now } = await withoutKratos(whole, traffic.gate, at, kratos);
    kratos = now.kratos;
    expect(named).toMatchObject({ password: [expect.any(Number)], mfa: [expect.any(Number)] });
    expect(named.opens).toEqual([`password ${named.password[0]} + mfa ${named.mfa[0]}`]);
    // Only an attempt that was broken off has used up a generation.
    expect(generations > 1).toBe(when === 'during');
  });
});
