import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { DeleteIdentityCredentialsTypeEnum, type IdentityApi } from '@ory/client';
import { z } from 'zod';
import { KratosError } from './errors.ts';
import type { IdentityShape } from './identityShape.ts';
import { expectStatus, fetchBody, type Ask, type Call } from './transport.ts';

/** What {@link credentialOperations} `restoreShape` did and could not do. */
export interface RestoredShape {
  /** Whether traits or state had been changed. */
  readonly isRestored: boolean;
  /** Credential types taken away. */
  readonly removed: readonly string[];
  /** Types that the admin api cannot remove: the identity has to be replaced. */
  readonly leftover: readonly { readonly type: string; readonly reason: string }[];
  /** Of password and totp, those that are not there. */
  readonly missing: readonly string[];
  /** The identity as it is afterwards. */
  readonly shape: IdentityShape;
}

const kept = ['password', 'totp'];

const hashSchema = z.object({
  credentials: z.object({ password: z.object({ config: z.object({ hashed_password: z.string().min(1) }) }) }),
});

const deletableSchema = z.enum(DeleteIdentityCredentialsTypeEnum);

/** What the admin api can do with an identity's credentials. */
export function credentialOperations(
  api: IdentityApi,
  ask: Ask,
  getIdentityShape: (id: string) => Promise<IdentityShape>,
) {
  /** Kratos's PUT replaces traits, state and metadata whole, so they are given back as they were read. */
  async function putIdentity(
    operation: string,
    shape: IdentityShape,
    change: { traits?: Readonly<Record<string, unknown>>; state?: 'active'; password?: string },
  ): Promise<void> {
    const call: Call = {
      operation,
      secrets: change.password === undefined ? [] : [change.password],
      send: (options) =>
        api.updateIdentity(
          {
            id: shape.id,
            updateIdentityBody: {
              schema_id: shape.schemaId,
              state: change.state ?? shape.state,
              traits: change.traits ?? shape.traits,
              metadata_public: shape.metadataPublic,
              metadata_admin: shape.metadataAdmin,
              ...(change.password === undefined
                ? {}
                : { credentials: { password: { config: { password: change.password } } } }),
            },
          },
          options,
        ),
    };
    expectStatus(call, await ask(call));
  }

  /**
   * Sets a new password and keeps everything else, TOTP included. By PUT: it hashes and imports the credential
   * given and keeps the others (identity/handler.go `update`, identity/handler_import.go). JSON patch refuses
   * `/credentials`, and below it writes the value as it stands, unhashed.
   */
  async function setPassword(id: string, password: string): Promise<void> {
    await putIdentity('setPassword', await getIdentityShape(id), { password });
  }

  /** Gives an identity back its traits, and with them its addresses, and its active state; says whether it had to. */
  async function restoreTraits(id: string, traits: Readonly<Record<string, unknown>>): Promise<boolean> {
    const found = await getIdentityShape(id);
    const isChanged = found.state !== 'active' || !isDeepStrictEqual(found.traits, traits);
    if (isChanged) await putIdentity('restoreTraits', found, { traits, state: 'active' });
    return isChanged;
  }

  /** SHA-256 (hex) of the stored password hash; the hash itself never leaves this function. */
  async function passwordHashDigest(id: string): Promise<string> {
    const call: Call = {
      operation: 'passwordHashDigest',
      send: (options) => api.getIdentity({ id, includeCredential: ['password'] }, options),
    };
    const { credentials } = await fetchBody(ask, call, hashSchema);
    return createHash('sha256').update(credentials.password.config.hashed_password, 'utf8').digest('hex');
  }

  /** When the TOTP credential was enrolled; undefined when there is none. Its config is never read. */
  async function totpCreatedAt(id: string): Promise<string | undefined> {
    const { credentials } = await getIdentityShape(id);
    return credentials.find((credential) => credential.type === 'totp')?.createdAt;
  }

  /**
   * Removes one credential, and says whether it was there.
   * @param identifier - needed for `oidc`, as `provider:subject`.
   * @throws KratosError with status 400 for what Kratos 1.3.1 never removes: password, code, passkey.
   */
  async function deleteCredential(id: string, type: string, identifier?: string): Promise<boolean> {
    const known = deletableSchema.safeParse(type);
    if (!known.success) throw cannotDelete(type);
    const call: Call = {
      operation: 'deleteCredential',
      send: (options) =>
        api.deleteIdentityCredentials(
          { id, type: known.data, ...(identifier === undefined ? {} : { identifier }) },
          options,
        ),
    };
    const answer = await ask(call);
    if (answer.status === 404) {
      // 404 also stands for an unknown identity, which reading it tells apart by throwing.
      await getIdentityShape(id);
      return false;
    }
    expectStatus(call, answer);
    return true;
  }

  /** Removes the TOTP credential, and says whether it was there. From here on a password alone suffices. */
  async function deleteTotp(id: string): Promise<boolean> {
    return deleteCredential(id, 'totp');
  }

  /**
   * Brings an identity back to its provisioned shape: no credential but password and totp, traits (and with them its
   * addresses), state active. Run again, it changes nothing.
   *
   * @throws KratosError with status 409 when another identity has its address; the credentials are gone then
   */
  async function restoreShape(
    id: string,
    provisioned: { traits: Readonly<Record<string, unknown>> },
  ): Promise<RestoredShape> {
    // First: the traits cannot be given back while another identity has the address.
    const found = await getIdentityShape(id);
    const refusals = new Map<string, string>();
    for (const credential of found.credentials.filter(isExtra)) {
      const refusal = await removeAll(id, credential.type, credential.identifiers);
      if (refusal !== undefined) refusals.set(credential.type, refusal);
    }
    const isChanged = await restoreTraits(id, provisioned.traits);
    const shape = await getIdentityShape(id);
    const there = shape.credentials.filter(isUsable).map((credential) => credential.type);
    const extra = shape.credentials.filter(isExtra).map((credential) => credential.type);
    return {
      isRestored: isChanged,
      removed: found.credentials
        .filter(isExtra)
        .map((credential) => credential.type)
        .filter((type) => !extra.includes(type)),
      leftover: extra.map((type) => ({
        type,
        reason: refusals.get(type) ?? 'still there after its removal',
      })),
      missing: kept.filter((type) => !there.includes(type)),
      shape,
    };
  }

  async function removeAll(
    id: string,
    type: string,
    identifiers: readonly string[],
  ): Promise<string | undefined> {
    try {
      if (type !== 'oidc') await deleteCredential(id, type);
      else for (const identifier of identifiers) await deleteCredential(id, type, identifier);
      return undefined;
    } catch (error) {
      if (error instanceof KratosError && !error.retryable) return error.reason;
      throw error;
    }
  }

  return {
    ...{ setPassword, passwordHashDigest, totpCreatedAt },
    ...{ deleteCredential, deleteTotp, restoreShape },
  };
}

/** Kratos keeps an empty `oidc` credential after its last link is gone; nobody can log in with it. */
function isUsable(credential: { type: string; identifiers: readonly string[] }): boolean {
  return credential.type !== 'oidc' || credential.identifiers.length > 0;
}

function isExtra(credential: { type: string; identifiers: readonly string[] }): boolean {
  return !kept.includes(credential.type) && isUsable(credential);
}

function cannotDelete(type: string): KratosError {
  return new KratosError({
    operation: 'deleteCredential',
    id: 'unknown_credential_type',
    reason: `the admin api cannot remove a credential of type ${type}; replace the identity`,
    retryable: false,
  });
}
