import { accountId } from '../../../core/contracts/ids.ts';
import { isHeld, killMatrix, shortfalls } from '../../../test/survival/checks/killMatrix.ts';
import { everyKill, firstKills, type Kill } from '../../../test/survival/checks/kills.ts';
import { foreignInTheGap, noClaims } from '../../../test/survival/checks/rotationTrouble.ts';
import { watchWorker } from '../../../test/survival/checks/workerTraffic.ts';
import { startWhole } from '../../../test/whole/stack.ts';
import type { Proof } from '../../figure.ts';

/** So many kills a rotation: Temporal waits longer before each further attempt. */
const each = 3;

/** The kills far apart in one rotation, so that its attempts are broken off early, halfway and late. */
const dealt = (): Kill[][] => {
  const rotations = Math.ceil(everyKill.length / each);
  return Array.from({ length: rotations }, (_, n) => everyKill.filter((_kill, k) => k % rotations === n));
};

const planned = firstKills.length + everyKill.length;

/** The kill matrix: every step × kill, finished, opened by what is named at each kill, old refused at the end. */
export const proveRotation = async ({ report, say }: Proof): Promise<void> => {
  const whole = await startWhole({ progress: say, amend: noClaims });
  try {
    const traffic = await watchWorker(whole.stack);
    try {
      // One that nobody has provisioned yet: its first rotation makes the identity.
      const unused = { ...whole, account: accountId.parse('acme-us') };
      const survived = [
        ...(await killMatrix(unused, traffic.gate, [firstKills], say)),
        ...(await killMatrix(whole, traffic.gate, dealt(), say)),
      ];
      const kills = survived.flatMap((one) => one.kills);
      for (const each of kills) {
        const { kill, password, mfa, opens, identity } = each;
        report({
          figure: `${kill.step}: ${kill.at}`,
          value: opens.join(' and ') || (identity === null ? 'no identity' : 'nothing opens'),
          ...{ unit: `of ${password.length} × ${mfa.length}`, bare: null, floor: 'one of at most 2 × 2' },
          ok: isHeld(each),
        });
      }
      const wrong = shortfalls(survived);
      for (const what of wrong) say(what);
      report({
        ...{ figure: 'kills survived', value: kills.length, unit: 'kills', bare: null },
        ...{ floor: `all ${planned}`, ok: kills.length === planned },
      });
      report({
        ...{ figure: 'rotations finished, only the newest opens', value: survived.length, unit: 'rotations' },
        ...{ bare: null, floor: 'old 400, session 401', ok: wrong.length === 0 },
      });
      const foreign = await foreignInTheGap(whole, traffic.gate);
      const isEnded = foreign.ended.includes(foreign.session) && foreign.afterwards === 401;
      report({
        ...{ figure: 'foreign login in the TOTP gap', value: foreign.afterwards, unit: 'status', bare: null },
        ...{ floor: 'rang, ended, named', ok: isEnded && foreign.rang === 1 && foreign.claimedFor === null },
      });
    } finally {
      await whole.stack.running.get('worker')?.stop();
      await traffic.stop();
    }
  } finally {
    await whole.remove();
  }
};
