import { accountOf, type CaseId } from '../../core/contracts/ids.ts';
import { linkTo } from '../../core/rules/messages.ts';
import type { Context } from './context.ts';
import type { Machine } from './machine.ts';

/**
 * Says where the case can be looked at without this program: the address that messages carry too, built from the
 * signed config. This run's sign-in was bound to the same origin, so something answers there.
 */
export const sayLink = ({ out }: Context, { trust }: Machine, id: CaseId): void => {
  const { config } = trust.current;
  out.say(`link: ${linkTo(config, accountOf(id), id)} (the api’s JSON, for who is signed in)`);
};
