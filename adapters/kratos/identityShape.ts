import { z } from 'zod';

/** Traits of a break-glass identity, as its schema in Kratos has them. */
export interface AccountTraits {
  readonly email: string;
  readonly role: string;
}

/** A credential's presence: never its config, which for TOTP is the seed in the clear. */
export interface CredentialPresence {
  readonly type: string;
  readonly identifiers: readonly string[];
  /** Kept through every update of the identity; new only when this credential is made anew. */
  readonly createdAt: string;
  /** Moves with every update of the identity, since Kratos writes all credentials again. */
  readonly updatedAt: string;
}

/** Everything about an identity that a session could have changed, and nothing secret. */
export interface IdentityShape {
  readonly id: string;
  readonly schemaId: string;
  readonly state: 'active' | 'inactive';
  readonly traits: Readonly<Record<string, unknown>>;
  readonly metadataPublic: unknown;
  readonly metadataAdmin: unknown;
  readonly verifiableAddresses: readonly {
    readonly value: string;
    readonly via: string;
    readonly verified: boolean;
  }[];
  readonly recoveryAddresses: readonly { readonly value: string; readonly via: string }[];
  readonly credentials: readonly CredentialPresence[];
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** An identity in a list. */
export interface IdentitySummary {
  readonly id: string;
  readonly email: string | null;
  readonly role: string | null;
  readonly state: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

const credentialSchema = z.object({
  type: z.string(),
  identifiers: z.array(z.string()).nullish(),
  created_at: z.string(),
  updated_at: z.string(),
});

/** An identity in Kratos's words, to an {@link IdentityShape} in ours. */
export const shapeSchema = z
  .object({
    id: z.uuid(),
    schema_id: z.string(),
    state: z.enum(['active', 'inactive']),
    traits: z.record(z.string(), z.unknown()),
    metadata_public: z.unknown().optional(),
    metadata_admin: z.unknown().optional(),
    verifiable_addresses: z
      .array(z.object({ value: z.string(), via: z.string(), verified: z.boolean() }))
      .nullish(),
    recovery_addresses: z.array(z.object({ value: z.string(), via: z.string() })).nullish(),
    credentials: z.record(z.string(), credentialSchema).nullish(),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .transform((identity): IdentityShape => ({
    id: identity.id,
    schemaId: identity.schema_id,
    state: identity.state,
    traits: identity.traits,
    metadataPublic: identity.metadata_public ?? null,
    metadataAdmin: identity.metadata_admin ?? null,
    verifiableAddresses: identity.verifiable_addresses ?? [],
    recoveryAddresses: identity.recovery_addresses ?? [],
    credentials: Object.values(identity.credentials ?? {})
      .map((credential) => ({
        type: credential.type,
        identifiers: credential.identifiers ?? [],
        createdAt: credential.created_at,
        updatedAt: credential.updated_at,
      }))
      .sort((a, b) => (a.type < b.type ? -1 : 1)),
    createdAt: identity.created_at,
    updatedAt: identity.updated_at,
  }));

/** The same, to an {@link IdentitySummary}. */
export const summarySchema = z
  .object({
    id: z.uuid(),
    state: z.string(),
    traits: z.record(z.string(), z.unknown()),
    created_at: z.string(),
    updated_at: z.string(),
  })
  .transform(({ id, state, traits, created_at, updated_at }): IdentitySummary => ({
    id,
    email: textOrNull(traits['email']),
    role: textOrNull(traits['role']),
    state,
    createdAt: created_at,
    updatedAt: updated_at,
  }));

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
