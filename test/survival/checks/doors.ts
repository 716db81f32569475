/** Back doors left open during a session, on a real Kratos, in one whole case: what becomes of each. */
import { Configuration, FrontendApi, IdentityApi } from '@ory/client';
import pg from 'pg';
import { createKratosAdmin, type IdentityShape } from '../../../adapters/kratos/index.ts';
import { caseId } from '../../../core/contracts/ids.ts';
import type { CaseState } from '../../../core/rules/case/state.ts';
import { isOwed } from '../../../core/rules/obligations.ts';
import type { Progress } from '../../../dev/cache.ts';
import { mustRun } from '../../../dev/stack/cli.ts';
import type { Stack } from '../../../dev/stack/index.ts';
import { attestAll, deliver, playUse, untilCase } from '../../../dev/stack/play.ts';
import { openLookout } from '../../whole/checks/lookout.ts';
import { heldByRequester } from '../../whole/checks/outside.ts';
import type { Whole } from '../../whole/stack.ts';

export interface Doors {
  /** The identity while the doors stood open, and after the rotation. */
  readonly open: IdentityShape;
  readonly before: IdentityShape;
  readonly after: IdentityShape;
  /** What the rotation could not take away, by the findings' ids, when all else that was owed was done. */
  readonly found: readonly string[];
  /** The identity of the second admin. */
  readonly secondAdmin: string;
  readonly phaseWhileFound: CaseState['phase'];
  readonly closedAs: string;
  /** The admin's recovery code, used when the case is closed: Kratos's word on the code, its session, the settings. */
  readonly recovery: { readonly code: number; readonly whoami: number; readonly settings: number };
}

const optionsFor = (url: string): Configuration =>
  new Configuration({ basePath: url, baseOptions: { proxy: false } });

const inKratosDatabase = async (stack: Stack, text: string, values: string[]): Promise<void> => {
  const client = new pg.Client({ connectionString: stack.servers.kratosDatabase.url('kratos') });
  await client.connect();
  try {
    await client.query(text, values);
  } finally {
    await client.end();
  }
};

/** Kratos makes such a credential in a browser alone, with a key in somebody's hand: here its row is written. */
export const plantKey = (stack: Stack, identity: string, type: 'webauthn' | 'passkey'): Promise<void> =>
  inKratosDatabase(
    stack,
    `insert into identity_credentials (id, nid, config, identity_credential_type_id, identity_id, created_at, updated_at)
     select gen_random_uuid(), i.nid, '{"credentials":[{}]}', t.id, i.id, now(), now()
     from identities i, identity_credential_types t where i.id = $1 and t.name = $2`,
    [identity, type],
  );

/** By Kratos's own settings pages, with the session's token: other backup codes, another address. */
const changeSettings = async (stack: Stack, xSessionToken: string, email: string): Promise<void> => {
  const api = new FrontendApi(optionsFor(stack.servers.kratos.publicUrl));
  const { data: flow } = await api.createNativeSettingsFlow({ xSessionToken });
  const changes = [
    { method: 'lookup_secret', lookup_secret_regenerate: true },
    { method: 'lookup_secret', lookup_secret_confirm: true },
    { method: 'profile', traits: { email, role: 'admin' } },
  ] as const;
  for (const updateSettingsFlowBody of changes)
    await api.updateSettingsFlow({ flow: flow.id, xSessionToken, updateSettingsFlowBody });
};

/** What a recovery code gives to whoever kept it, in a browser. */
const useCode = async (stack: Stack, code: string, link: string): Promise<Doors['recovery']> => {
  const { publicUrl } = stack.servers.kratos;
  const flow = new URL(link, publicUrl).searchParams.get('flow') ?? '';
  const used = await fetch(`${publicUrl}/self-service/recovery?flow=${flow}`, {
    ...{ method: 'POST', redirect: 'manual', body: new URLSearchParams({ method: 'code', code }) },
  });
  const cookie = used.headers
    .getSetCookie()
    .map((each) => each.split(';')[0])
    .join('; ');
  const asked = async (path: string): Promise<number> =>
    (await fetch(`${publicUrl}${path}`, { headers: { cookie, accept: 'application/json' } })).status;
  const settings = new URL(used.headers.get('location') ?? publicUrl, publicUrl).searchParams.get('flow');
  return {
    code: used.status,
    whoami: await asked('/sessions/whoami'),
    settings: await asked(`/self-service/settings/flows?id=${settings ?? ''}`),
  };
};

/** Plays one emergency in whose session every door is opened, to its close. */
export const playDoors = async ({ stack, account, cast }: Whole, say: Progress): Promise<Doors> => {
  const { cli } = stack;
  const { adminUrl } = stack.servers.kratos;
  const admin = createKratosAdmin({ adminUrl, timeoutMs: 10_000 });
  const raw = new IdentityApi(optionsFor(adminUrl));
  const lookout = await openLookout(stack);
  try {
    const { identity } = await lookout.accountState(account);
    if (identity === null) throw new Error(`${account} has no identity`);
    const before = await admin.getIdentityShape(identity);
    const planted: { secondAdmin?: string; open?: IdentityShape; code?: string; link?: string } = {};
    const { case: named } = await playUse(
      {
        ...{ ...stack, account, kind: 'emergency', cast },
        beforeEnd: async (view) => {
          const { data } = await raw.createRecoveryCodeForIdentity({
            createRecoveryCodeForIdentityBody: { identity_id: identity, expires_in: '24h' },
          });
          planted.code = data.recovery_code;
          planted.link = data.recovery_link;
          const { sessionToken } = await heldByRequester(stack, view);
          await changeSettings(stack, sessionToken, 'elsewhere@evil.example');
          await plantKey(stack, identity, 'webauthn');
          await plantKey(stack, identity, 'passkey');
          const traits = { email: 'second@evil.example', role: 'admin' };
          const second = await raw.createIdentity({ createIdentityBody: { schema_id: 'default', traits } });
          planted.secondAdmin = second.data.id;
          planted.open = await admin.getIdentityShape(identity);
          say('the session leaves backup codes, another address, two keys, a recovery code, a second admin');
        },
      },
      say,
    );
    const { secondAdmin, open, code, link } = planted;
    if (secondAdmin === undefined || open === undefined || code === undefined || link === undefined)
      throw new Error('not every door was opened');
    const id = caseId.parse(named);
    const after = await admin.getIdentityShape(identity);
    await attestAll({ cli, cast }, id, () => undefined);
    for (const document of ['session-log', 'post-mortem'] as const)
      await deliver(stack, cast.requester, id, document);
    await lookout.quiet();
    const { phase: phaseWhileFound, obligations } = await lookout.caseState(id);
    const found = [...new Set(obligations.filter(isOwed).map((each) => each.id.split('/')[1] ?? each.id))];
    say(`${id} stays ${phaseWhileFound}: ${found.join(', ')}`);
    await raw.deleteIdentity({ id: secondAdmin });
    await inKratosDatabase(
      stack,
      `delete from identity_credentials c using identity_credential_types t
       where c.identity_credential_type_id = t.id and c.identity_id = $1 and t.name = $2`,
      [identity, 'passkey'],
    );
    for (const each of found)
      await mustRun(cli, cast.owners[0], 'finding', id, each, '--removed', '--reason', 'the session left it');
    const closed = await untilCase(cli, cast.requester, id, 'its close', (view) => view.phase === 'closed');
    const recovery = await useCode(stack, code, link);
    return { open, before, after, found, secondAdmin, phaseWhileFound, closedAs: closed.phase, recovery };
  } finally {
    await lookout.close();
  }
};

/** The credentials by which somebody can log in. */
export const usable = ({ credentials }: IdentityShape): string[] =>
  credentials.filter((each) => each.type !== 'oidc' || each.identifiers.length > 0).map((each) => each.type);
