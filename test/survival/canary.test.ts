/** Every password and seed of an account whose worker crashed in the middle of a rotation. */
import { beforeAll, describe, expect, it } from 'vitest';
import { leastSecrets, searchForCanaries, searched, tooLittleRead, type Canaries } from './checks/canary.ts';

let canaries: Canaries;
beforeAll(async () => {
  canaries = await searchForCanaries(() => undefined);
});

describe('every password and seed that was ever made', () => {
  it('is looked for: the first pair, the one left behind by the crash, and the one after it', () => {
    expect(canaries.secrets).toBeGreaterThanOrEqual(leastSecrets);
  });

  it('is looked for in what there is: so much was read of each place', () => {
    expect(tooLittleRead(canaries.read)).toEqual([]);
    expect(tooLittleRead(new Map())).toHaveLength(canaries.read.size);
  });

  it('would be found: the text planted in each place is', () => {
    expect(canaries.plantedFoundIn).toEqual([...searched]);
  });

  it('lies nowhere in the clear, in any spelling: processes, logs, databases, temporary and crash files, errors', () => {
    expect(canaries.found).toEqual([]);
  });
});
