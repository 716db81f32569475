import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalize } from '../../../core/contracts/canonical.ts';
import { config as configSchema } from '../../../core/contracts/config.ts';
import { namespaces } from '../../../core/contracts/statements.ts';
import { checkpointOf, checkpointText, nothingSeen } from '../../../core/evidence/checkpoint.ts';
import { openCheckpoint } from '../../../core/trust/checkpoint.ts';
import { makeOrg, type Org } from '../../support/org.ts';

let org: Org;
let configs: Parameters<typeof openCheckpoint>[1];
const text = (): string =>
  checkpointText(
    checkpointOf(nothingSeen, {
      origin: org.data.origin,
      at: '2026-11-21T10:00:00.000Z',
      config: org.digest,
    }),
  );

beforeAll(async () => {
  org = await makeOrg();
  configs = new Map([[org.digest, { digest: org.digest, config: configSchema.parse(org.data) }]]);
});
afterAll(() => org.remove());

const signed = async (
  checkpoint: string,
  by: 'worker' | 'bob' = 'worker',
  namespace: string = namespaces.checkpoint,
) => ({ checkpoint, signature: await org.sign(by, checkpoint, namespace) });

describe('a checkpoint', () => {
  it('signed by the worker of its config holds', async () => {
    expect(openCheckpoint(await signed(text()), configs)).toMatchObject({
      ok: true,
      checkpoint: { size: 0 },
    });
  });

  it('signed by somebody else, or for something else, proves nothing', async () => {
    expect(openCheckpoint(await signed(text(), 'bob'), configs)).toMatchObject({ ok: false });
    for (const other of [namespaces.seal, namespaces.decision])
      expect(openCheckpoint(await signed(text(), 'worker', other), configs)).toMatchObject({ ok: false });
  });

  it('is refused with any one character changed', async () => {
    const { checkpoint, signature } = await signed(text());
    for (let at = 0; at < checkpoint.length; at += 1) {
      const other = checkpoint[at] === '1' ? '2' : '1';
      const changed = `${checkpoint.slice(0, at)}${other}${checkpoint.slice(at + 1)}`;
      expect(openCheckpoint({ checkpoint: changed, signature }, configs).ok).toBe(false);
    }
  });

  it('of another ledger, of an unknown config, or of no shape: says why', async () => {
    const fields = JSON.parse(text()) as Record<string, string>;
    const why = async (more: Record<string, string>): Promise<unknown> =>
      openCheckpoint(await signed(canonicalize({ ...fields, ...more })), configs);
    expect(await why({ origin: 'https://elsewhere.example' })).toMatchObject({
      why: expect.stringContaining('another ledger') as string,
    });
    expect(await why({ config: 'a'.repeat(64) })).toMatchObject({
      why: expect.stringContaining('never in force') as string,
    });
    expect(await why({ colour: 'red' })).toMatchObject({
      why: expect.stringContaining('no checkpoint') as string,
    });
    expect(openCheckpoint(await signed('{ }'), configs)).toMatchObject({
      why: expect.stringContaining('not canonical') as string,
    });
  });
});
