import {
  playUndeclared,
  shortDeadlines,
  type Answered,
  type Undeclared,
} from '../../../test/survival/checks/undeclared.ts';
import { startWhole } from '../../../test/whole/stack.ts';
import type { Proof } from '../../figure.ts';

/** What each answer must come to: Kratos's word on the session, and how the case ends. */
const wanted = [
  ['no case open, stopped', 401, ({ alone }) => [alone, alone.closedAs.phase]],
  ['a drill open, claimed late', 200, ({ claimedLate }) => [claimedLate, claimedLate.state.phase]],
  ['a drill open, stopped', 401, ({ besideDrill }) => [besideDrill, besideDrill.settledAs.phase]],
] as const satisfies readonly (readonly [string, number, (played: Undeclared) => [Answered, string]])[];

/** Logins with the opened pair that nobody declared: with no case and beside a drill, each answered, each closed. */
export const proveUndeclared = async ({ report, say }: Proof): Promise<void> => {
  const whole = await startWhole({ progress: say, amend: shortDeadlines });
  try {
    const played = await playUndeclared(whole, say, true);
    for (const [what, expected, of] of wanted) {
      const [{ ms, status, topic, chat }, phase] = of(played);
      const rang = Math.min(topic.length, chat.length);
      report({
        ...{ figure: `${what}: login → case`, value: ms, unit: 'ms', bare: null },
        ...{ floor: 'rings on topic and chat', ok: rang > 0 },
      });
      report({
        ...{ figure: '  the session, after the answer', value: status, unit: '', bare: null },
        ...{ floor: `${expected}`, ok: status === expected },
      });
      report({
        ...{ figure: '  its case ends', value: phase, unit: '', bare: null },
        ...{ floor: 'closed', ok: phase === 'closed' },
      });
    }
    const { drillStatus, drill, settledAs } = played.besideDrill;
    report({
      ...{ figure: 'the drill’s own session meanwhile', value: drillStatus, unit: '', bare: null },
      ...{ floor: '200', ok: drillStatus === 200 },
    });
    const isOne = settledAs.rotation !== null && settledAs.rotation === drill.rotation;
    report({
      ...{ figure: 'drill and undeclared use are settled by', value: isOne ? 1 : 2, unit: 'rotations' },
      ...{ bare: null, floor: '1', ok: isOne },
    });
  } finally {
    await whole.remove();
  }
};
