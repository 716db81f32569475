import type { IdentityApi } from '@ory/client';
import { z } from 'zod';
import { shapeSchema, summarySchema } from './identityShape.ts';
import type { AccountTraits, IdentityShape, IdentitySummary } from './identityShape.ts';
import { expectStatus, fetchBody, type Ask, type Call } from './transport.ts';

const idSchema = z.object({ id: z.uuid() });
const linkSchema = z.object({ link: z.string() });
const pageSize = 250;

/** What the admin api can do with identities as a whole. */
export function identityOperations(api: IdentityApi, ask: Ask) {
  /**
   * Makes an active identity with a password and gives its id.
   * @throws KratosError with status 409 when the email is taken.
   */
  async function createIdentity(identity: {
    schemaId: string;
    traits: AccountTraits;
    password: string;
  }): Promise<string> {
    const { schemaId, traits, password } = identity;
    const call: Call = {
      operation: 'createIdentity',
      secrets: [password],
      send: (options) =>
        api.createIdentity(
          {
            createIdentityBody: {
              schema_id: schemaId,
              state: 'active',
              traits,
              credentials: { password: { config: { password } } },
            },
          },
          options,
        ),
    };
    return (await fetchBody(ask, call, idSchema)).id;
  }

  /** The id of the identity that logs in with this email; undefined when there is none. */
  async function findIdentity(email: string): Promise<string | undefined> {
    const call: Call = {
      operation: 'findIdentity',
      send: (options) => api.listIdentities({ credentialsIdentifier: email }, options),
    };
    return (await fetchBody(ask, call, z.array(idSchema)))[0]?.id;
  }

  /** Whether there is an identity of that id, whatever became of its addresses. */
  async function hasIdentity(id: string): Promise<boolean> {
    const call: Call = { operation: 'hasIdentity', send: (options) => api.getIdentity({ id }, options) };
    const answer = await ask(call);
    if (answer.status === 404) return false;
    expectStatus(call, answer);
    return true;
  }

  /** Traits, state, addresses and which credentials there are. No credential's config is asked for. */
  async function getIdentityShape(id: string): Promise<IdentityShape> {
    const call: Call = {
      operation: 'getIdentityShape',
      send: (options) => api.getIdentity({ id }, options),
    };
    return fetchBody(ask, call, shapeSchema);
  }

  async function allIdentities(operation: string): Promise<IdentitySummary[]> {
    const found: IdentitySummary[] = [];
    let pageToken: string | undefined;
    do {
      const token = pageToken;
      const call: Call = {
        operation,
        send: (options) =>
          api.listIdentities({ pageSize, ...(token === undefined ? {} : { pageToken: token }) }, options),
      };
      const answer = await ask(call);
      found.push(...(await fetchBody(() => Promise.resolve(answer), call, z.array(summarySchema))));
      pageToken = nextPageToken(answer.headers);
    } while (pageToken !== undefined);
    return found;
  }

  /** Every identity whose role is admin. */
  async function listAdmins(): Promise<IdentitySummary[]> {
    return (await allIdentities('listAdmins')).filter((identity) => identity.role === 'admin');
  }

  /** Every identity made at or after that time (ISO 8601). */
  async function listIdentitiesSince(since: string): Promise<IdentitySummary[]> {
    const from = Date.parse(since);
    return (await allIdentities('listIdentitiesSince')).filter(
      (identity) => Date.parse(identity.createdAt) >= from,
    );
  }

  return { createIdentity, findIdentity, hasIdentity, getIdentityShape, listAdmins, listIdentitiesSince };
}

/** The token in the `Link` header's `rel="next"` (RFC 8288), by which Kratos pages. */
function nextPageToken(headers: unknown): string | undefined {
  const link = linkSchema.safeParse(headers);
  if (!link.success) return undefined;
  const next = /<([^>]*)>;\s*rel="next"/.exec(link.data.link)?.[1];
  if (next === undefined) return undefined;
  return new URL(next, 'http://kratos.invalid').searchParams.get('page_token') ?? undefined;
}
