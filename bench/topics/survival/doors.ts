import { playDoors, usable } from '../../../test/survival/checks/doors.ts';
import { takeAddress } from '../../../test/survival/checks/takenAddress.ts';
import { startWhole } from '../../../test/whole/stack.ts';
import type { Proof } from '../../figure.ts';

/** Back doors left open in a session: each door, and what became of it. */
export const proveDoors = async ({ report, say }: Proof): Promise<void> => {
  const whole = await startWhole({ progress: say });
  try {
    const { open, before, after, found, secondAdmin, phaseWhileFound, closedAs, recovery } = await playDoors(
      whole,
      say,
    );
    const tell = (figure: string, value: string, floor: string, ok: boolean): void =>
      report({ figure, value, unit: '', bare: null, floor, ok });
    const left = usable(after);
    for (const type of ['lookup_secret', 'webauthn'])
      tell(
        `a credential ${type}`,
        left.includes(type) ? 'still there' : 'removed',
        'removed',
        usable(open).includes(type) && !left.includes(type),
      );
    const isBack = JSON.stringify(after.traits) === JSON.stringify(before.traits);
    tell(
      'another address',
      isBack ? 'put back' : 'still there',
      'put back',
      isBack && open.traits['email'] !== before.traits['email'],
    );
    for (const [what, finding] of [
      ['a passkey, which Kratos keeps', 'credential-passkey'],
      ['a second admin', `admin-${secondAdmin.slice(0, 8)}`],
    ] as const)
      tell(what, found.includes(finding) ? 'a finding' : 'unseen', 'a finding', found.includes(finding));
    tell('the case, all else done', phaseWhileFound, 'settling', phaseWhileFound === 'settling');
    tell('the case, each finding signed for', closedAs, 'closed', closedAs === 'closed');
    const { whoami, settings } = recovery;
    tell(
      'an admin’s recovery code, used: session, settings',
      `${whoami}, ${settings}`,
      '403, 403',
      whoami === 403 && settings === 403,
    );
    const taken = await takeAddress(whole, say);
    const { oldBefore, oldAfter, newAtLast } = taken;
    tell(
      'the address given away: old password before, after',
      `${oldBefore}, ${oldAfter}`,
      '200, 400',
      oldBefore === 200 && oldAfter === 400 && taken.alive === 0,
    );
    tell(
      '  what is left of its credentials',
      taken.left.join(', '),
      'password, totp',
      taken.left.join() === 'password,totp',
    );
    tell('  the new one, once it is back', `${newAtLast}`, '200', newAtLast === 200);
  } finally {
    await whole.remove();
  }
};
