import type { IdentitySummary, KratosAdmin } from '../../adapters/kratos/index.ts';
import type { Finding } from '../../core/contracts/events.ts';

/** A break-glass account in Kratos: what becomes of its identity is told by its own rotations. */
export interface OwnIdentity {
  readonly address: string;
  /** Null while it is provisioned: whoever has the address then is about to be it. */
  readonly identity: string | null;
}

/** What a case's session may have left in Kratos besides its own identity. */
export interface LookedAt {
  /** Since when the account may have been used; null for a rotation of no case, where nothing but credentials is looked at. */
  readonly since: string | null;
  readonly own: readonly OwnIdentity[];
  /** Credentials that the admin api cannot remove. */
  readonly leftover: readonly { readonly type: string; readonly reason: string }[];
}

const most = 20;

const idOf = (kind: string, name: string): string =>
  `${kind}-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`.slice(0, 60);

/**
 * Looks for what no rotation takes away: credentials that Kratos keeps, admins that were made or changed since
 * then, and other identities that were made since, together.
 *
 * @throws KratosError
 */
export const findingsSince = async (
  admin: Pick<KratosAdmin, 'listAdmins' | 'listIdentitiesSince'>,
  { since, own, leftover }: LookedAt,
): Promise<Finding[]> => {
  const kept = leftover.map(({ type, reason }) => ({
    id: idOf('credential', type),
    says: `The account's identity has a credential of type ${type}, which could not be removed: ${reason}. Replace the identity.`,
  }));
  if (since === null) return kept;
  // By the identity: an address can be taken from an account and given to another.
  const isOther = ({ id, email }: IdentitySummary): boolean =>
    !own.some((each) => (each.identity === null ? each.address === email : each.identity === id));
  const from = Date.parse(since);
  const admins = (await admin.listAdmins()).filter(
    (each) => isOther(each) && Date.parse(each.updatedAt) >= from,
  );
  const made = (await admin.listIdentitiesSince(since)).filter(
    (each) => isOther(each) && each.role !== 'admin',
  );
  const listed = made.slice(0, most).map((each) => each.id);
  const more = made.length > most ? ` and ${made.length - most} more` : '';
  return [
    ...kept,
    ...admins.map((each) => ({
      id: idOf('admin', each.id.slice(0, 8)),
      says: `The identity ${each.id} is an admin, and was ${
        Date.parse(each.createdAt) >= from ? 'made' : 'changed'
      } at ${each.updatedAt}, since the use began.`,
    })),
    ...(made.length === 0
      ? []
      : [
          {
            id: 'identities',
            says: `Identities were made since the use began: ${listed.join(', ')}${more}.`,
          },
        ]),
  ];
};
